#include "backends/native/cell_usage.hpp"

#include <algorithm>

#include "sandbox/cgroup.hpp"

namespace cellblock::backends::native {
namespace {

std::uint64_t above(std::uint64_t value, std::uint64_t before) {
  return value - std::min(value, before);
}

}  // namespace

std::uint64_t CellUsage::cpu_counter_us() const {
  return files_.size() == 2 ? sandbox::read_cpu_us(files_[1].get()) : 0;
}

void CellUsage::start() {
  memory_before_ = files_.size() == 2 ? sandbox::read_peak_bytes(files_[0].get()) : 0;
  cpu_before_us_ = cpu_counter_us();
  started_ = std::chrono::steady_clock::now();
}

engine::Usage CellUsage::now() const {
  const std::uint64_t peak = files_.size() == 2 ? sandbox::read_peak_bytes(files_[0].get()) : 0;
  return final(peak, static_cast<std::uint64_t>(cpu().count()));
}

engine::Usage CellUsage::final(std::uint64_t peak_bytes, std::uint64_t cpu_us) const {
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - started_;
  return {wall.count(), static_cast<double>(cpu_us) / 1000, above(peak_bytes, memory_before_) / 1024};
}

std::chrono::microseconds CellUsage::cpu() const {
  return std::chrono::microseconds(cpu_since_start(cpu_counter_us()));
}

std::uint64_t CellUsage::cpu_since_start(std::uint64_t counter_us) const {
  return above(counter_us, cpu_before_us_);
}

}  // namespace cellblock::backends::native
