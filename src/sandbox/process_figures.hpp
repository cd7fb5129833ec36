// What the kernel tells of one process in /proc, read from its text. The only part of it that a script can
// choose is the name of a process.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cellblock::sandbox {

// User and system time of the process itself, and of its children that have been waited for, in clock ticks.
struct CpuTicks {
  std::uint64_t own = 0;
  std::uint64_t children = 0;
};

// From /proc/PID/stat. nullopt when the text is none.
[[nodiscard]] std::optional<CpuTicks> parse_cpu_ticks(std::string_view stat);

// From /proc/PID/smaps_rollup: the process's share of anonymous, shared and swapped memory, in bytes; memory
// that n processes share counts a nth for each.
[[nodiscard]] std::optional<std::uint64_t> parse_proportional_bytes(std::string_view smaps_rollup);

// From /proc/PID/status: anonymous, shared and swapped memory, in bytes; what is shared counts in full.
[[nodiscard]] std::optional<std::uint64_t> parse_resident_bytes(std::string_view status);

// From /proc/PID/status: what the kernel needs to map the process's memory, in bytes; 0 of a process that has
// ended. A read of untouched memory costs nothing but this.
[[nodiscard]] std::uint64_t parse_page_table_bytes(std::string_view status);

// The effective uid, from /proc/PID/status.
[[nodiscard]] std::optional<std::uint32_t> parse_uid(std::string_view status);

}  // namespace cellblock::sandbox
