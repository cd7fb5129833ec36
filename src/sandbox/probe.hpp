// Finds out by trying which walls this host lets a cell have. Each try runs in a child process of its own
// and leaves nothing behind.
#pragma once

#include <string>
#include <vector>

#include "sandbox/seccomp_listener.hpp"

namespace cellblock::sandbox {

struct WallProbe {
  std::string name;  // as in /health: "user_namespace", "seccomp", …
  bool stands = false;
  std::string means;     // what it is made of here, or the reason why it is missing
  std::string fix;       // what an operator can do; empty when it stands
  bool required = true;  // false: nothing is less isolated without it
};

// Whether refused system calls can be explained here. Forks.
[[nodiscard]] Listening probe_listening();

// Tries every wall of level `full` as the calling user. Forks, so the caller must have a single thread.
// Takes some 20 ms.
[[nodiscard]] std::vector<WallProbe> probe_walls(const std::string& cgroup_root);

// All that are required.
[[nodiscard]] bool all_stand(const std::vector<WallProbe>& walls);

}  // namespace cellblock::sandbox
