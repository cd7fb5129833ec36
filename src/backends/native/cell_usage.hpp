// What one execution uses, as the kernel counts it for the slot's cgroup: never what the cell says.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "engine/execution.hpp"

namespace cellblock::backends::native {

class CellUsage {
 public:
  // The slot's files for peak memory and CPU time, as kSpawned brings them; none without cgroups.
  void take_files(std::vector<base::Fd> files) { files_ = std::move(files); }
  // From here on counts the execution.
  void start();
  [[nodiscard]] engine::Usage now() const;
  // The same with the kernel's last word, given when the slot has been emptied.
  [[nodiscard]] engine::Usage final(std::uint64_t peak_bytes, std::uint64_t cpu_us) const;

  // CPU time of all processes of the cell together; 0 when it can't be read.
  [[nodiscard]] std::chrono::microseconds cpu() const;
  // The same from what the file said last; it may be gone with the cell.
  [[nodiscard]] std::uint64_t cpu_since_start(std::uint64_t counter_us) const;

 private:
  [[nodiscard]] std::uint64_t cpu_counter_us() const;

  std::vector<base::Fd> files_;
  std::chrono::steady_clock::time_point started_;
  std::uint64_t cpu_before_us_ = 0;
  std::uint64_t memory_before_ = 0;
};

}  // namespace cellblock::backends::native
