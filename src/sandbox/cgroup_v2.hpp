#pragma once

#include "sandbox/cgroup.hpp"
#include "sandbox/cgroup_mounts.hpp"

namespace cellblock::sandbox {

// The unified hierarchy. A slot's directory is made anew for each cell, since memory.peak can't be reset
// before Linux 6.12. `root` names the directory to work in; empty means the own cgroup, or, where that
// has processes of others in it, the one above.
base::Result<std::unique_ptr<CgroupTree>> make_cgroup_v2(const CgroupMounts& mounts,
                                                         const std::string& service_id,
                                                         const std::string& root);

// The controllers that a cell needs and the mounted hierarchy hasn't, as a text; empty when it has all.
[[nodiscard]] std::string cgroup_v2_missing(const CgroupMounts& mounts);

}  // namespace cellblock::sandbox
