// The system calls that a cell makes itself once its filter is loaded. An operator who takes one of them away
// has no cells; what a script's own work needs is not told here.
#pragma once

#include <array>
#include <string_view>

namespace cellblock::sandbox {

struct NeededCall {
  std::string_view name;
  std::string_view reason;
};

inline constexpr std::array<NeededCall, 6> kNeededCalls = {{
    {"read", "the script comes over a socket"},
    {"write", "the answer goes over a socket"},
    {"sendmsg", "the filter's listener is handed to the cell's first process"},
    {"openat", "standard descriptors are opened anew"},
    {"dup2", "standard descriptors are put into place"},
    {"prlimit64", "the request's own limits are set"},
}};

// Empty for a call that a cell can do without.
[[nodiscard]] constexpr std::string_view why_needed(std::string_view call) {
  for (const NeededCall& needed : kNeededCalls) {
    if (needed.name == call) return needed.reason;
  }
  return {};
}

}  // namespace cellblock::sandbox
