#pragma once

#include "sandbox/cgroup.hpp"
#include "sandbox/cgroup_mounts.hpp"

namespace cellblock::sandbox {

// Hierarchies memory, pids, cpu and cpuacct. A slot's directories are made once and used again, since the
// kernel's counters can be reset; only its memory directory is made anew after a tenant who has left much.
base::Result<std::unique_ptr<CgroupTree>> make_cgroup_v1(const CgroupMounts& mounts,
                                                         const std::string& service_id);

}  // namespace cellblock::sandbox
