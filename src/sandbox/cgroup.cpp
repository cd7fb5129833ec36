#include "sandbox/cgroup.hpp"

#include <fcntl.h>

#include "sandbox/cgroup_mounts.hpp"
#include "sandbox/cgroup_v1.hpp"
#include "sandbox/cgroup_v2.hpp"

namespace cellblock::sandbox {

base::Result<std::unique_ptr<CgroupTree>> make_cgroup_tree(const std::string& service_id,
                                                           const std::string& root) {
  const auto mountinfo = base::read_file(AT_FDCWD, "/proc/self/mountinfo");
  if (!mountinfo) return tl::make_unexpected(mountinfo.error());
  const auto own = base::read_file(AT_FDCWD, "/proc/self/cgroup");
  if (!own) return tl::make_unexpected(own.error());
  const CgroupMounts mounts = parse_cgroup_mounts(*mountinfo, *own);
  // On a hybrid host the unified hierarchy is mounted as well, but without controllers.
  if (mounts.v2 && cgroup_v2_missing(mounts).empty()) return make_cgroup_v2(mounts, service_id, root);
  if (!mounts.v1.empty() && !root.empty()) {
    // Whoever names one counts on it.
    return base::make_error(
        "make cgroups in " + root +
            ": version 1 has a hierarchy for each controller, and they lie in "
            "the cgroups that the service was started in",
        "leave cgroup-root empty, and start the service in the cgroups that it shall use");
  }
  if (!mounts.v1.empty()) return make_cgroup_v1(mounts, service_id);
  if (mounts.v2) {
    return base::make_error(
        "find the controllers that are missing in " + mounts.v2_mount + ": " + cgroup_v2_missing(mounts),
        "have them passed on to here: by the container's runtime, or by systemd (Delegate=yes)");
  }
  return base::make_error("find a cgroup hierarchy with memory, pids and cpu",
                          "mount cgroup2 at /sys/fs/cgroup, or run where one is mounted");
}

}  // namespace cellblock::sandbox
