// The time that a client has for its part.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "http/asio.hpp"

namespace cellblock::http {

using Clock = std::chrono::steady_clock;

// Cancels what a socket waits for when the time has come. Unlike Beast's own timeout it leaves the socket
// open, so that the client can be told. Only on the socket's strand.
class Deadline {
 public:
  explicit Deadline(tcp::socket& socket) : socket_(socket), timer_(socket.get_executor()) {}

  // For the one operation that is started next; no other handler of the strand may run in between.
  void set(Clock::time_point until);
  // The operation is over.
  void clear();
  // It was over because of this deadline.
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  tcp::socket& socket_;
  net::steady_timer timer_;
  bool passed_ = false;
  std::uint64_t turn_ = 0;
  // A handler that is queued already when this object goes must not touch it.
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

// How slowly a client may send a body or take an answer: never a pause longer than `stall`, and after the
// first `stall` no less than so many bytes in the average second. A byte now and then is not enough.
class Pace {
 public:
  Pace(std::chrono::milliseconds stall, std::uint64_t bytes_per_second)
      : stall_(stall), bytes_per_second_(bytes_per_second) {}

  // When the next bytes must have come, with so many there.
  [[nodiscard]] Clock::time_point next(std::uint64_t done, Clock::time_point now = Clock::now()) const;

 private:
  std::chrono::milliseconds stall_;
  std::uint64_t bytes_per_second_;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace cellblock::http
