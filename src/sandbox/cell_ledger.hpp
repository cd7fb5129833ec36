// A page for each cell on which its first process keeps account, shared with the server. The jailer makes it,
// the first process maps it before it seals itself, and no process of the script ever has it: what stands
// here is no script's word.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/fd.hpp"
#include "sandbox/refusals.hpp"

namespace cellblock::sandbox {

// One writer; readers may see a count that is a moment old, never half of one.
struct CellLedger {
  std::uint64_t refused_calls = 0;  // sum of the below
  // Measured since the script has arrived, on hosts where no cgroup counts; see cell_watch.hpp.
  std::uint64_t cpu_us = 0;
  std::uint64_t memory_bytes = 0;  // at the last look, files included
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t processes = 0;
  std::array<std::uint64_t, 3> reserved{};
  std::array<std::uint32_t, kRefusalKinds> refused{};  // by kind; stays at its maximum
  std::array<std::uint32_t, 239> reserved_tail{};

  // The writer's side.
  void note_use(std::uint64_t cpu, std::uint64_t memory, std::uint64_t processes_now);
  void add_refusal(std::size_t kind);
  // For a call that was not answered in the end.
  void take_back_refusal(std::size_t kind);
};

inline constexpr std::size_t kLedgerBytes = 4096;
static_assert(sizeof(CellLedger) == kLedgerBytes, "one page");

// A new, empty one that can't change its size.
base::Result<base::Fd> make_ledger();
// For the life of the process; null with errno on failure. The descriptor may be closed afterwards.
CellLedger* map_ledger(int file);
// Without mapping it, which costs more than a script. nullopt when the file is no ledger.
std::optional<std::uint64_t> read_refused_calls(int file);
std::optional<CellLedger> read_ledger(int file);

}  // namespace cellblock::sandbox
