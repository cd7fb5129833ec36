// Resource limits that a cell sets on itself. Hard and soft are equal unless a comment says why not.
#pragma once

#include <cstdint>

#include "sandbox/step.hpp"

namespace cellblock::sandbox {

inline constexpr std::uint64_t kUnlimited = ~0ULL;

// No core dump, wherever the host has them go.
inline constexpr std::uint64_t kCoreBytes = 1;

struct CellRlimits {
  std::uint64_t cpu_seconds = 30;  // SIGXCPU at this, SIGKILL one second later
  std::uint64_t file_bytes = 10ULL << 20U;
  std::uint64_t open_files = 128;
  std::uint64_t processes = 128;
  // Of private writable memory, all that is mapped counts; kUnlimited where a cgroup bounds memory.
  std::uint64_t data_bytes = kUnlimited;
};

// Sets them for the calling process, and those that are the same for all cells. Call it after all descriptors
// have been passed: RLIMIT_NOFILE counts those in flight. Only lowers, so it works without privileges.
StepResult set_rlimits(const CellRlimits& limits);

// Those of `limits` alone, for a process that the above has been called in and that has no privileges: a job
// waits for it.
StepResult lower_rlimits(const CellRlimits& limits);

}  // namespace cellblock::sandbox
