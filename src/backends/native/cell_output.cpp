// What a script prints: captured, counted, and passed on while it runs if somebody listens.
#include <utility>

#include "backends/native/cell_state.hpp"
#include "backends/native/read_some.hpp"

namespace cellblock::backends::native {
namespace {

// One pipe can hold at most this much when a claim arrives (the kernel's limit for F_SETPIPE_SZ without
// privileges); draining stops there, or a child that goes on printing would hold up the answer.
constexpr std::uint64_t kPipeLimit = 1U << 20U;
}  // namespace

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
  Chunk buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
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

void CellState::drain(Output& output) {
  Chunk buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  const std::uint64_t stop_at = output.capture.total() + kPipeLimit;
  while (output.stream.is_open() && output.capture.total() < stop_at) {
    const auto bytes = read_some(output.stream.native_handle(), buffer);
    if (!bytes || bytes->empty()) break;
    const std::string_view kept = output.capture.add(*bytes);
    if (listener_) tell_text(output.kind, output.live.add(kept));
  }
  if (listener_) tell_text(output.kind, output.live.end(output.capture.truncated()));
}

}  // namespace cellblock::backends::native
