// How long one step after the other takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace cellblock::base {

class Stopwatch {
 public:
  // Microseconds since the last call, or since the making of this object.
  std::uint32_t lap_us() {
    const auto now = std::chrono::steady_clock::now();
    const auto took = now - std::exchange(since_, now);
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  }

 private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace cellblock::base
