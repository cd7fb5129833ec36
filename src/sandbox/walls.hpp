// Which walls a cell gets on this host, and the isolation level that they make. Found out once, at start, by
// trying (probe.hpp). From then on a planned wall that can't be built is an error, never left out.
#pragma once

#include <cstdint>
#include <string_view>

namespace cellblock::sandbox {

// The order is that of strength.
enum class Level : std::uint8_t {
  kNone,        // processes with resource limits; behind an alarming flag only
  kRestricted,  // a uid of its own per slot, Landlock, seccomp, no capabilities; nothing of the host is
                // hidden
  kFull         // namespaces of all seven kinds and a file tree of its own
};

[[nodiscard]] constexpr std::string_view level_name(Level level) {
  switch (level) {
    case Level::kNone:
      return "none";
    case Level::kRestricted:
      return "restricted";
    case Level::kFull:
      return "full";
  }
  return "none";
}

// Plain values, part of the jail specification.
struct Walls {
  bool namespaces = true;    // all seven, and with them the read-only tree
  bool host_admin = true;    // the jailer works with the host's rights, else in a user namespace of its own
  bool own_uid = true;       // an outside uid per slot
  bool own_inodes = true;    // a tree per slot
  bool private_proc = true;  // else a cell has no /proc at all
  bool cgroups = true;       // else memory is bounded by RLIMIT_DATA and by sampling
  bool capabilities = true;  // all sets emptied
  bool landlock = true;
  bool seccomp = true;

  bool operator==(const Walls&) const = default;
};

}  // namespace cellblock::sandbox
