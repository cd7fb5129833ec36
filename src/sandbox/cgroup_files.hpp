// Small readers of cgroup files that both versions share.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/fd.hpp"

namespace cellblock::sandbox {

// What CgroupLimits::cpu_percent is a part of.
constexpr std::uint64_t kCpuPeriodUs = 100'000;

// The number behind `key ` in a "key value" file, or 0.
[[nodiscard]] std::uint64_t keyed_value(std::string_view text, std::string_view key);
// Opens a file of a cgroup directory; the Fd is empty when it doesn't exist.
[[nodiscard]] base::Fd open_cgroup_file(int directory, const char* name, int flags);

}  // namespace cellblock::sandbox
