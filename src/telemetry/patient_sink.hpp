// Where the log's lines go: a descriptor that may be a pipe whose reader has stopped reading. The service
// goes on without the log then, since no client may wait for it.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>

namespace cellblock::telemetry {

class PatientSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // `file` is borrowed. How many lines were lost is told by a line of its own, when there is room again.
  explicit PatientSink(int file) : file_(file) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  void tell_losses(const spdlog::details::log_msg& next);
  [[nodiscard]] bool write_now(const spdlog::memory_buf_t& line) const;

  int file_;
  std::uint64_t lost_ = 0;
};

}  // namespace cellblock::telemetry
