// The configuration that a jail's nsjail is started with: what a cell of the native backend has, in nsjail's
// own words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/jail_spec.hpp"

namespace cellblock::backends::nsjail {

// Processes of a jail that are none of the script's: nsjail itself and the jail's first process.
inline constexpr std::uint32_t kOwnProcesses = 2;

// Descriptors of nsjail, above those that it passes on (protocol/in_jail.hpp).
inline constexpr int kConfig = 9;
inline constexpr int kProgram = 10;
inline constexpr int kLog = 11;

// An entry of the read-only tree's root: a directory, or a link to somewhere.
struct TreeTop {
  std::string path;
  std::string link{};

  bool operator==(const TreeTop&) const = default;
};

// Of the tree that the calling process is in, without the places that jails mount something of their own on.
[[nodiscard]] std::vector<TreeTop> tree_tops();

// In protobuf text format. `outside_id` is what uid and gid 1000 of the jail are outside.
[[nodiscard]] std::string jail_config(const sandbox::JailSpec& spec, std::uint32_t outside_id,
                                      const std::vector<TreeTop>& tops);

}  // namespace cellblock::backends::nsjail
