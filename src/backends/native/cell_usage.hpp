// What one execution uses: as the kernel counts it for the slot's cgroup, or where there is none as the
// cell's first process measures it from outside the script. Never what the script says.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/fd.hpp"
#include "engine/execution.hpp"

namespace cellblock::backends::native {

class CellUsage {
 public:
  // What kSpawned brings besides the ledger: the cgroup's files for peak memory and CPU time, or what wakes
  // the first process's account, which it keeps on the ledger. `ledger` is borrowed, and needed in the second
  // case.
  void take_files(std::vector<base::Fd> files, int ledger);
  // From here on counts the execution.
  void start();
  [[nodiscard]] engine::Usage now() const;
  // The same with the kernel's last word, given when the slot has been emptied.
  [[nodiscard]] engine::Usage final(std::uint64_t peak_bytes, std::uint64_t cpu_us) const;

  // CPU time of all processes of the cell together; 0 when it can't be read.
  [[nodiscard]] std::chrono::microseconds cpu() const;
  // The same from what the file said last; it may be gone with the cell.
  [[nodiscard]] std::uint64_t cpu_since_start(std::uint64_t counter_us) const;

  // Whether nobody but this side bounds the sum of a cell's memory.
  [[nodiscard]] bool measured() const { return files_.size() == 1; }
  // At the last look; 0 where a cgroup bounds it.
  [[nodiscard]] std::uint64_t memory_bytes() const;

 private:
  [[nodiscard]] std::uint64_t cpu_counter_us() const;
  [[nodiscard]] std::uint64_t peak_bytes() const;

  std::vector<base::Fd> files_;
  int ledger_ = -1;
  std::chrono::steady_clock::time_point started_;
  std::uint64_t cpu_before_us_ = 0;
  std::uint64_t memory_before_ = 0;
};

}  // namespace cellblock::backends::native
