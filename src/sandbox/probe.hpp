// Finds out by trying which walls this host lets a cell have. Each try runs in a child process of its own
// and leaves nothing behind.
#pragma once

#include <string>
#include <vector>

#include "sandbox/seccomp_listener.hpp"
#include "sandbox/walls.hpp"

namespace cellblock::sandbox {

// The levels that are not reached without a wall.
enum class NeededAt : std::uint8_t { kNoLevel, kRestricted, kFull, kBoth };

struct WallProbe {
  std::string name;  // as in /health: "user_namespace", "seccomp", …
  bool stands = false;
  std::string means;  // what it is made of here, or the reason why it is missing
  std::string fix;    // what an operator can do; empty when it stands
  NeededAt needed_at = NeededAt::kNoLevel;
};

// Whether refused system calls can be explained here. Forks.
[[nodiscard]] Listening probe_listening();

// Tries every wall as the calling user. Forks, so the caller must have a single thread. Takes some 30 ms.
// `uid_base`: the first uid of cells, for those who may change to it.
[[nodiscard]] std::vector<WallProbe> probe_walls(const std::string& cgroup_root, std::uint32_t uid_base);

// The highest level of which no needed wall is missing.
[[nodiscard]] Level level_of(const std::vector<WallProbe>& walls);
[[nodiscard]] bool needed_at(const WallProbe& wall, Level level);

// What a cell is made of at that level.
[[nodiscard]] Walls plan_of(const std::vector<WallProbe>& walls, Level level);

// What could stand by itself but is left out of the plan is missing, with the reason: nobody is told of a
// wall that no cell has.
void tell_what_is_left_out(std::vector<WallProbe>& walls, const Walls& plan);

// The bounds of an execution and by what means each is kept; `cgroup` is what the probe says of it.
[[nodiscard]] std::vector<WallProbe> limits_of(const Walls& plan, const std::string& cgroup);

}  // namespace cellblock::sandbox
