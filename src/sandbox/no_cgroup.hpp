#pragma once

#include <memory>

#include "sandbox/cgroup.hpp"

namespace cellblock::sandbox {

// For hosts where no cgroup is writable: slots that bound and count nothing. Memory is then bounded by
// RLIMIT_DATA and by what the cell's first process measures, processes by RLIMIT_NPROC.
[[nodiscard]] std::unique_ptr<CgroupTree> make_no_cgroup();

}  // namespace cellblock::sandbox
