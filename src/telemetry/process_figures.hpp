// What the kernel tells about this process, for the figures that Prometheus's libraries name process_*.
#pragma once

#include <cstdint>

namespace cellblock::telemetry {

// Zero where the kernel does not tell.
struct ProcessFigures {
  double start_time_s = 0;  // since 1970
  double cpu_s = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;
};

[[nodiscard]] ProcessFigures process_figures();

}  // namespace cellblock::telemetry
