#include "telemetry/patient_sink.hpp"

#include <linux/limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace cellblock::telemetry {

void PatientSink::sink_it_(const spdlog::details::log_msg& message) {
  if (lost_ > 0) tell_losses(message);
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (lost_ > 0 || !write_now(line)) ++lost_;
}

void PatientSink::tell_losses(const spdlog::details::log_msg& next) {
  // Readable in both of the log's formats: as a field of JSON it would have no name.
  const std::string text = "\"event\":\"log_lines_lost\",\"count\":\"" + std::to_string(lost_) + "\"";
  const std::string plain = "event=log_lines_lost count=" + std::to_string(lost_);
  const bool json = next.payload.size() > 0 && next.payload[0] == '"';
  spdlog::details::log_msg message = next;
  message.payload = json ? text : plain;
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (write_now(line)) lost_ = 0;
}

bool PatientSink::write_now(const spdlog::memory_buf_t& line) const {
  for (std::size_t sent = 0; sent < line.size();) {
    pollfd watched{file_, POLLOUT, 0};
    if (::poll(&watched, 1, 0) <= 0 || (watched.revents & POLLOUT) == 0) return false;
    // A pipe that is writable has room for so much.
    const ssize_t count =
        ::write(file_, line.data() + sent, std::min<std::size_t>(line.size() - sent, PIPE_BUF));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace cellblock::telemetry
