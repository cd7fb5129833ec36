#include "http/deadline.hpp"

#include <algorithm>

namespace cellblock::http {

void Deadline::set(Clock::time_point until) {
  passed_ = false;
  timer_.expires_at(until);
  timer_.async_wait([this, alive = std::weak_ptr<char>(alive_), turn = ++turn_](const error_code& cancelled) {
    if (cancelled || alive.expired() || turn != turn_) return;
    passed_ = true;
    error_code ignored;
    socket_.cancel(ignored);
  });
}

void Deadline::clear() {
  ++turn_;
  timer_.cancel();
}

Clock::time_point Pace::next(std::uint64_t done, Clock::time_point now) const {
  // A rate of zero asks for no average.
  if (bytes_per_second_ == 0) return now + stall_;
  const std::chrono::milliseconds earned(done * 1000 / bytes_per_second_);
  return std::min(now + stall_, begin_ + stall_ + earned);
}

}  // namespace cellblock::http
