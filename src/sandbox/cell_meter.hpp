// Measures all processes of a cell together, from /proc, for hosts where no cgroup does. Used by the cell's
// first process, which the script can't reach.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/fd.hpp"

namespace cellblock::sandbox {

struct CellFigures {
  std::uint64_t cpu_us = 0;        // never falls
  std::uint64_t memory_bytes = 0;  // of processes; files in the working directory are counted elsewhere
  std::uint32_t processes = 0;
};

class CellMeter {
 public:
  // `proc` shows the cell's processes: its own /proc, where all but the first process count, or the host's,
  // where those of `uid` do.
  CellMeter(base::Fd proc, std::optional<std::uint32_t> uid) : proc_(std::move(proc)), uid_(uid) {}

  // A process that ends between two looks is counted by its parent if that waits for it, else it is lost.
  // nullopt when the processes can't be seen: a cell of which nobody keeps account must end.
  std::optional<CellFigures> look();

  // How long the last look took: a look at much memory is slow, and should then be rare.
  [[nodiscard]] std::chrono::microseconds cost() const { return cost_; }

 private:
  // False when it is there and can't be looked at.
  bool count(const char* pid, CellFigures& figures, std::uint64_t& ticks_with_children);

  base::Fd proc_;
  std::optional<std::uint32_t> uid_;
  std::unordered_map<int, std::uint64_t> ticks_;  // by pid, the last that was seen
  std::uint64_t ticks_of_gone_ = 0;
  std::uint64_t cpu_us_ = 0;
  std::chrono::microseconds cost_{0};
};

}  // namespace cellblock::sandbox
