// Where in the unified hierarchy the service's directory goes. The kernel lets a cgroup have either processes
// or children with controllers, save in the hierarchy's real root, so it depends on who is there already:
//
//   in the own cgroup                         the directory goes
//   only the service's own processes          there; they move into a leaf of it (systemd's Delegate=yes)
//   others too: a login shell, a script       above, where nobody is, or into the real root
//
// A directory that the operator names is taken as it is.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "sandbox/cgroup_mounts.hpp"

namespace cellblock::sandbox {

struct CgroupPlace {
  std::string directory;
  // The service's own processes in it: they have to leave before its children can have controllers.
  std::vector<pid_t> inhabitants;
};

// `root` is the operator's word, or empty; `service` are the processes that may be moved.
base::Result<CgroupPlace> find_cgroup_place(const CgroupMounts& mounts, const std::string& root,
                                            std::span<const pid_t> service);

// The controllers that a cell needs and that the file (cgroup.controllers or cgroup.subtree_control) in the
// directory doesn't list: "cpu memory pids" at most. An unreadable file lists none.
[[nodiscard]] std::vector<std::string> missing_controllers(int directory, const char* file);

// Lets the children of `directory` have the controllers, and on the way down from `top` those of each cgroup
// in between. Returns which were switched on in `directory` itself.
base::Result<std::vector<std::string>> enable_controllers(const std::string& top,
                                                          const std::string& directory);

}  // namespace cellblock::sandbox
