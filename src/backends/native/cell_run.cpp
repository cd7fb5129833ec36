// The run of a cell: what goes through its socket and pipes. The rest of CellState is in cell_state.cpp.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>

#include "backends/native/cell_state.hpp"
#include "base/relative_path.hpp"
#include "protocol/display_frame.hpp"
#include "protocol/files_frame.hpp"
#include "protocol/run_frame.hpp"

namespace cellblock::backends::native {
namespace {

using protocol::ControlKind;
using protocol::ControlMessage;
using protocol::FrameKind;

constexpr std::size_t kChunk = 64U << 10U;
// One pipe can hold at most this much when a claim arrives (the kernel's limit for F_SETPIPE_SZ without
// privileges); draining stops there, or a child that goes on printing would hold up the answer.
constexpr std::uint64_t kPipeLimit = 1U << 20U;
// How often a cell close to its CPU limit is looked at.
constexpr std::chrono::microseconds kShortestCpuWait{5'000};
// How often one is looked at that no cgroup bounds, and what its measured memory may be above the limit:
// shares of the zygote's pages grow when other cells end.
constexpr std::chrono::microseconds kMeasuringInterval{20'000};
constexpr std::uint64_t kMeasuringSlack = 32ULL << 20U;

// Reads once without blocking: the bytes, empty at end of file, or nullopt when nothing is there.
std::optional<std::string_view> read_some(int fd, std::array<char, kChunk>& buffer) {
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0) return std::string_view(buffer.data(), static_cast<std::size_t>(count));
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) return std::string_view();
  }
}

std::uint64_t bytes_of(const std::optional<CollectedFiles>& files) {
  std::uint64_t bytes = 0;
  if (!files) return bytes;
  for (const engine::File& file : files->whole) bytes += file.content.capacity();
  return bytes;
}

protocol::DisplayWish wish_of(const engine::Job& job) {
  using Figures = protocol::DisplayWish::Figures;
  if (job.display == engine::DisplayMode::kOff) return {};
  return {job.display == engine::DisplayMode::kSvg ? Figures::kSvg : Figures::kPng, job.limits.display_items,
          job.limits.display_item_bytes, job.limits.display_bytes};
}

std::uint64_t cpu_seconds_of(const engine::Limits& limits) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.cpu).count();
  // A single process can't have more CPU than wall time: let the clock, which is exact, speak first.
  return static_cast<std::uint64_t>(limits.cpu >= limits.wall ? seconds + 1 : seconds);
}

}  // namespace

void CellState::run(const engine::Job& job, std::function<void(engine::Report)> done) {
  done_ = std::move(done);
  if (phase_ != Phase::kIdle) {
    engine::Report report;
    report.broken = "the cell died while it was waiting";
    report.unstarted = true;
    phase_ = Phase::kRunning;
    boost::asio::post(context_,
                      [self = shared_from_this(), report = std::move(report)] { self->finish(report); });
    return;
  }
  phase_ = Phase::kRunning;
  job_ = &job;
  // As long as nothing was sent, it was not the script that did it.
  unstarted_ = true;
  memory_ = std::make_shared<base::Lease>(defaults_.budget, base::ByteBudget::Use::kAnswer);
  constexpr std::uint64_t kNames = 2 * protocol::kMaxFiles * (base::kMaxPathBytes + 16);
  std::uint64_t largest =
      std::max(job.limits.result_bytes + 3 * kClaimTextLimit, job.limits.files_bytes + kNames);
  if (job.display != engine::DisplayMode::kOff) {
    display_.emplace(job.limits);
    largest = std::max<std::uint64_t>(largest, protocol::display_frame_limit(job.limits.display_bytes));
  }
  frames_ = protocol::FrameReader(largest);
  for (Output* output : {&out_, &err_}) {
    output->capture = OutputCapture(job.limits.output_bytes);
    await_output(*output);
  }
  if (!defaults_.own_interpreter && job.limits.memory_bytes == defaults_.limits.memory_bytes &&
      job.limits.processes == defaults_.limits.processes) {
    send_run();
    return;
  }
  ControlMessage limit = protocol::about(ControlKind::kLimit, id_);
  limit.memory_bytes = job.limits.memory_bytes;
  limit.processes = job.limits.processes;
  link_->send(limit);
}

void CellState::send_run() {
  const engine::Limits& limits = job_->limits;
  std::vector<protocol::CellFile> files;
  for (const engine::File& file : job_->files) files.push_back({file.path, file.content});
  const std::string payload = protocol::encode_run(
      {job_->script, job_->args_json, job_->kwargs_json, job_->stdin_text, protocol::encode_files(files),
       cpu_seconds_of(limits), limits.file_bytes, limits.open_files, limits.processes, limits.memory_bytes,
       limits.result_bytes, limits.files_bytes, job_->policy == engine::Policy::kStrict, wish_of(*job_)});
  unsent_ = protocol::encode_frame(FrameKind::kRun, payload);
  usage_.start();
  denials_.start();
  watch_cpu();
  write_on();
}

void CellState::write_on() {
  while (sent_ < unsent_.size()) {
    const ssize_t count =
        ::send(channel_.native_handle(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      channel_.async_wait(Stream::wait_write,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (!error && self->phase_ == Phase::kRunning) self->write_on();
                          });
      return;
    }
    // Another error: the process is dying, and the jailer will say how.
    if (count < 0) return;
    unstarted_ = false;
    sent_ += static_cast<std::size_t>(count);
  }
  unsent_ = {};
}

void CellState::await_channel() {
  channel_.async_wait(Stream::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->phase_ == Phase::kOver) return;
    if (self->read_channel()) self->await_channel();
  });
}

bool CellState::read_channel() {
  std::array<char, kChunk> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
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

void CellState::await_output(Output& output) {
  output.stream.async_wait(Stream::wait_read,
                           [self = shared_from_this(), &output](const boost::system::error_code& error) {
                             if (error || self->phase_ != Phase::kRunning) return;
                             output.rests = self->listener_full_;
                             if (output.rests) return;
                             if (self->read_output(output)) self->await_output(output);
                           });
}

bool CellState::read_output(Output& output) {
  std::array<char, kChunk> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  const auto bytes = read_some(output.stream.native_handle(), buffer);
  if (!bytes) return true;
  if (bytes->empty()) return false;
  const std::string_view kept = output.capture.add(*bytes);
  if (listener_) tell_text(output.kind, output.live.add(kept));
  if (!account()) return false;
  if (out_.capture.total() + err_.capture.total() <= engine::kOutputFloodBytes) return true;
  engine::Report report;
  report.output_flood = true;
  report.usage = usage_.now();
  finish(std::move(report));
  return false;
}

void CellState::tell(engine::LiveEvent event) {
  if (listener_ && !listener_(std::move(event))) listener_full_ = true;
}

void CellState::tell_text(engine::LiveEvent::Kind kind, std::string text) {
  if (!text.empty()) tell({kind, std::move(text), {}});
}

void CellState::resume() {
  listener_full_ = false;
  if (phase_ != Phase::kRunning) return;
  for (Output* output : {&out_, &err_}) {
    if (std::exchange(output->rests, false)) await_output(*output);
  }
}

bool CellState::account() {
  if (phase_ != Phase::kRunning ||
      memory_->resize(frames_.capacity() + out_.capture.capacity() + err_.capture.capacity() +
                      bytes_of(files_) + (display_ ? display_->bytes() : 0))) {
    return true;
  }
  engine::Report report;
  report.no_room = true;
  report.usage = usage_.now();
  finish(std::move(report));
  return false;
}

void CellState::watch_cpu() {
  if (phase_ != Phase::kRunning) return;
  const std::chrono::microseconds left = job_->limits.cpu - usage_.cpu();
  if (left.count() <= 0) {
    engine::Report report;
    report.cpu_used_up = true;
    report.usage = usage_.now();
    finish(std::move(report));
    return;
  }
  if (usage_.memory_bytes() > job_->limits.memory_bytes + kMeasuringSlack) {
    engine::Report report;
    report.exit = engine::Exit{true, SIGKILL, true, 0};
    report.usage = usage_.now();
    finish(std::move(report));
    return;
  }
  // The earliest moment at which the limit can be reached: a script that sleeps costs next to nothing.
  const auto earliest =
      std::chrono::duration_cast<std::chrono::microseconds>(left / std::max(defaults_.cpus, 1.0));
  const auto wait = usage_.measured() ? kMeasuringInterval : std::max(earliest, kShortestCpuWait);
  cpu_timer_.expires_after(wait);
  cpu_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->watch_cpu();
  });
}

void CellState::report_claim(engine::Claim claim) {
  engine::Report report;
  report.claim = std::move(claim);
  report.usage = usage_.now();
  finish(std::move(report));
}

void CellState::finish(engine::Report report) {
  if (phase_ != Phase::kRunning) return;
  phase_ = Phase::kOver;
  cpu_timer_.cancel();
  // What was written before the end is in the pipes by now.
  std::array<char, kChunk> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  for (Output* output : {&out_, &err_}) {
    Stream& stream = output->stream;
    OutputCapture& capture = output->capture;
    const std::uint64_t stop_at = capture.total() + kPipeLimit;
    while (stream.is_open() && capture.total() < stop_at) {
      const auto bytes = read_some(stream.native_handle(), buffer);
      if (!bytes || bytes->empty()) break;
      const std::string_view kept = capture.add(*bytes);
      if (listener_) tell_text(output->kind, output->live.add(kept));
    }
    if (listener_) tell_text(output->kind, output->live.end(capture.truncated()));
  }
  report.denied = denials_.so_far();
  report.stdout_truncated = out_.capture.truncated();
  report.stderr_truncated = err_.capture.truncated();
  report.stdout_text = out_.capture.take_text();
  report.stderr_text = err_.capture.take_text();
  if (display_) report.display = std::move(*display_).take_all();
  report.memory = std::move(memory_);
  listener_ = nullptr;
  std::exchange(done_, nullptr)(std::move(report));
}

}  // namespace cellblock::backends::native
