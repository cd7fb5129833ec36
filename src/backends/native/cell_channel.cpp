// What a cell says through its socket: frames, none of which is believed before it was looked at.
#include <cerrno>
#include <utility>

#include "backends/native/cell_state.hpp"
#include "backends/native/read_some.hpp"

namespace cellblock::backends::native {

using protocol::FrameKind;

void CellState::await_channel() {
  channel_.async_wait(Stream::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->phase_ == Phase::kOver) return;
    if (self->read_channel()) self->await_channel();
  });
}

bool CellState::read_channel() {
  Chunk buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  const auto bytes = read_some(channel_.native_handle(), buffer);
  // Nothing yet is no end, but a caller that loops must stop as well: it looks at what is there only.
  if (!bytes) return !gone_;
  // Closed. If the process lives on, its end or the deadline decides; the jailer reports both.
  if (bytes->empty()) return false;
  frames_.feed(*bytes);
  if (!account()) return false;
  while (phase_ != Phase::kOver) {
    auto frame = frames_.next();
    if (!frame) {
      engine::Report report;
      report.result_too_large = frame.error().code == EMSGSIZE;
      report.forged = !report.result_too_large;
      report.usage = usage_.now();
      if (phase_ == Phase::kRunning) finish(std::move(report));
      return false;
    }
    if (!*frame) break;
    on_frame(**frame);
  }
  return phase_ != Phase::kOver;
}

void CellState::on_frame(const protocol::Frame& frame) {
  if (phase_ == Phase::kMaking && frame.kind == FrameKind::kReady) {
    // It has died since, and nothing would tell so a second time: a job on it would wait for its whole limit.
    if (gone_) return;
    phase_ = Phase::kIdle;
    cpu_timer_.cancel();
    ready_times_ = protocol::decode_ready(frame.payload);
    std::exchange(ready_, nullptr)(base::Result<void>{});
    return;
  }
  if (phase_ == Phase::kMaking && frame.kind == FrameKind::kFailed) {
    std::string_view payload = frame.payload;
    const auto step = protocol::take_u64(payload);
    const auto code = protocol::take_u64(payload);
    fail_making(step_error(step.value_or(0), code.value_or(0)));
    return;
  }
  if (phase_ != Phase::kRunning) return;
  if (frame.kind == FrameKind::kFiles && !files_) {
    files_ = read_files(frame.payload, job_->limits.files_bytes);
    if (files_) return;
  }
  if (frame.kind == FrameKind::kDisplay && take_display(frame.payload)) return;
  if (frame.kind == FrameKind::kOutcome) {
    auto claim = read_claim(frame.payload, job_->limits.result_bytes);
    // Only a request with files can have had files that did not fit.
    if (claim && claim->status == engine::Status::kInvalidRequest && job_->files.empty()) claim.reset();
    if (claim) {
      if (files_) {
        claim->files = std::move(files_->whole);
        claim->skipped_files = std::move(files_->skipped);
      }
      report_claim(std::move(*claim));
      return;
    }
  }
  engine::Report report;
  report.forged = true;
  report.usage = usage_.now();
  finish(std::move(report));
}

bool CellState::take_display(std::string_view payload) {
  const std::size_t before = display_ ? display_->shown().bundles.size() : 0;
  if (!display_ || !display_->take(payload)) return false;
  if (!account()) return true;
  const auto& bundles = display_->shown().bundles;
  if (listener_ && bundles.size() > before) tell({engine::LiveEvent::Kind::kDisplay, {}, bundles.back()});
  return true;
}

void CellState::report_claim(engine::Claim claim) {
  engine::Report report;
  report.claim = std::move(claim);
  report.usage = usage_.now();
  finish(std::move(report));
}

}  // namespace cellblock::backends::native
