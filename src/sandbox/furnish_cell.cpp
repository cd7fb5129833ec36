#include <grp.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "sandbox/cell_setup.hpp"

namespace cellblock::sandbox {
namespace {

constexpr unsigned long kOwnMount = MS_NOSUID | MS_NODEV;

}  // namespace

StepResult furnish_cell(const JailSpec& spec) {
  // The ids of the jailer are unmapped in here; these are the only mapped ones. Capabilities stay, since
  // the uid that is left behind is not this namespace's root.
  if (::setresgid(spec.inside_gid, spec.inside_gid, spec.inside_gid) != 0)
    return step_failed(Step::kIdentity);
  if (::setresuid(spec.inside_uid, spec.inside_uid, spec.inside_uid) != 0)
    return step_failed(Step::kIdentity);
  const auto bounds = [&spec](std::uint64_t bytes) {
    return "size=" + std::to_string(bytes) + ",nr_inodes=" + std::to_string(spec.tmp_inodes);
  };
  const auto flags = [](bool no_exec) { return no_exec ? kOwnMount | MS_NOEXEC : kOwnMount; };
  // The only place that a script can write to, bounded in bytes and files.
  if (::mount("tmp", "/tmp", "tmpfs", flags(spec.tmp_no_exec),
              (bounds(spec.tmp_bytes) + ",mode=0700").c_str()) != 0) {
    return step_failed(Step::kMountTmp);
  }
  // Semaphores and shared memory of multiprocessing live here; it counts as memory like /tmp does.
  if (::mount("shm", "/dev/shm", "tmpfs", flags(true), (bounds(spec.shm_bytes) + ",mode=1777").c_str()) !=
      0) {
    return step_failed(Step::kMountShm);
  }
  // Mount points are in the tree. Each is bounded like /tmp, and counts as memory as well.
  for (const ScratchPlace& scratch : spec.scratch) {
    const std::string own = bounds(scratch.bytes) + ",mode=0700";
    if (::mount("scratch", scratch.place.c_str(), "tmpfs", flags(scratch.no_exec), own.c_str()) != 0) {
      return step_failed(Step::kMountTmp);
    }
  }
  if (spec.walls.private_proc) {
    // Of this pid namespace, and of it only the processes: nothing of the kernel's state and settings.
    if (::mount("proc", "/proc", "proc", kOwnMount | MS_NOEXEC, "subset=pid") != 0) {
      return step_failed(Step::kMountProc);
    }
  } else if (::mount("none", "/proc", "tmpfs", kOwnMount | MS_NOEXEC | MS_RDONLY, "size=4k,nr_inodes=1") !=
             0) {
    // None rather than the host's.
    return step_failed(Step::kMountProc);
  }
  // The host's own name is nobody's business in here.
  if (::sethostname(spec.hostname.data(), spec.hostname.size()) != 0) return step_failed(Step::kHostname);
  return {};
}

}  // namespace cellblock::sandbox
