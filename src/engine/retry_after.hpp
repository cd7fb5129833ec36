// When a refused client should come back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cellblock::engine {

// A mean of run times in which the last few dozen count most, so that it follows the load.
class MeanRunTime {
 public:
  using Seconds = std::chrono::duration<double>;

  void add(Seconds run);
  [[nodiscard]] Seconds value() const { return mean_; }

 private:
  Seconds mean_{0};
  bool empty_ = true;
};

// The time in which `queued` executions of that length are served by `max_running` cells, rounded up and
// kept within 1 to 60 s. max_running is not 0.
[[nodiscard]] std::chrono::seconds retry_after(std::size_t queued, MeanRunTime::Seconds mean_run,
                                               std::uint32_t max_running);

}  // namespace cellblock::engine
