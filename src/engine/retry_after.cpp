#include "engine/retry_after.hpp"

#include <algorithm>
#include <cmath>

namespace cellblock::engine {

void MeanRunTime::add(Seconds run) {
  constexpr double kWeight = 0.05;
  mean_ = empty_ ? run : mean_ + (run - mean_) * kWeight;
  empty_ = false;
}

std::chrono::seconds retry_after(std::size_t queued, MeanRunTime::Seconds mean_run,
                                 std::uint32_t max_running) {
  const double wait = static_cast<double>(queued) * mean_run.count() / static_cast<double>(max_running);
  // Clamped before the conversion: a double out of range must not reach the integer.
  return std::chrono::seconds(static_cast<std::int64_t>(std::ceil(std::clamp(wait, 1.0, 60.0))));
}

}  // namespace cellblock::engine
