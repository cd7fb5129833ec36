#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "sandbox/cell_setup.hpp"
#include "sandbox/file_tree.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::sandbox {
namespace {

using Access = LandlockRule::Access;

constexpr std::array<const char*, 2> kWritableDevices = {"/dev/null", "/dev/full"};
constexpr std::array<const char*, 2> kReadableDevices = {"/dev/random", "/dev/urandom"};

// Of the own process's directory in /proc what programs ask themselves. The rest of it tells of the host,
// since the process is in the host's namespaces: net, mounts, mountinfo, mountstats and cgroup, and all of
// them again in task.
constexpr std::array<const char*, 18> kOwnProcess = {
    "auxv",           // what the kernel has told the program: ctypes.util, faulthandler
    "cmdline",        // psutil, joblib
    "comm",           // names of threads
    "environ",        // its own variables
    "fd",             // /dev/fd, subprocess's close_fds
    "fdinfo",         // positions and flags
    "io",             // psutil
    "limits",         // psutil
    "maps",           // glibc, for the size of the main thread's stack
    "oom_score",      // only shown
    "oom_score_adj",  // cannot be lowered by a script
    "sched",          // only shown
    "schedstat",      // only shown
    "smaps",          // profilers of memory
    "smaps_rollup",   // likewise
    "stat",           // psutil, resource figures
    "statm",          // tracemalloc's users, psutil
    "status",         // uids, threads, memory
};

// What the read-only tree would show, as rules: everything else of the host exists, but can't be opened.
std::vector<LandlockRule> landlock_rules(const JailSpec& spec, const std::string& directory) {
  std::vector<LandlockRule> rules;
  const auto add = [&rules](const std::string& path, Access access) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) rules.push_back({path, access});
  };
  for (const TreeEntry& entry : tree_entries()) add(entry.path, Access::kRead);
  // Directories of their own where /usr is not merged, else links that lead into it.
  for (const char* path : {"/bin", "/lib", "/lib64"}) add(path, Access::kRead);
  for (const std::string& path : spec.library_paths) add(path, Access::kRead);
  for (const char* path : kWritableDevices) add(path, Access::kDevice);
  for (const char* path : kReadableDevices) add(path, Access::kRead);
  // Mapped for writing it is shared memory without a name, which only a cgroup counts.
  add("/dev/zero", spec.walls.cgroups ? Access::kDevice : Access::kRead);
  // Of /proc only the own process: the others' entries tell of the host.
  const std::string own = "/proc/" + std::to_string(::getpid()) + "/";
  add(own, Access::kList);
  for (const char* name : kOwnProcess) add(own + name, Access::kRead);
  rules.push_back({directory, Access::kReadWrite});
  return rules;
}

StepResult take_slot_uid(std::uint32_t uid) {
  // Groups would go on opening what belongs to them.
  if (::setgroups(0, nullptr) != 0) return step_failed(Step::kIdentity);
  if (::setresgid(uid, uid, uid) != 0) return step_failed(Step::kIdentity);
  if (::setresuid(uid, uid, uid) != 0) return step_failed(Step::kIdentity);
  return {};
}

}  // namespace

std::string slot_directory(const JailSpec& spec, std::uint32_t slot) {
  return spec.work_root + "/" + std::to_string(slot);
}

StepResult seal_cell_on_host(const SealInput& input) {
  const JailSpec& spec = *input.spec;
  const Walls& walls = spec.walls;
  const std::string directory = slot_directory(spec, input.slot);
  if (auto done = enter_limits(input); !done) return done;
  // Before the change of ids, since it needs a capability; what is left goes after it.
  if (walls.capabilities) {
    if (auto done = forbid_capabilities(); !done) return done;
  }
  if (walls.own_uid) {
    if (auto done = take_slot_uid(spec.uid_base + input.slot); !done) return done;
  }
  if (walls.capabilities) {
    if (auto done = clear_capabilities(); !done) return done;
  }
  if (::prctl(PR_SET_NAME, "cellblock-cell", 0, 0, 0) != 0) return step_failed(Step::kSession);
  // The change of ids has made the process undumpable, and with it /proc/self the property of root.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return step_failed(Step::kSession);
  if (auto done = shed_inheritance(directory); !done) return done;
  if (auto done = set_rlimits(input.rlimits); !done) return done;
  if (auto done = set_no_new_privs(); !done) return done;
  if (walls.landlock) {
    if (auto done = restrict_with_landlock(landlock_rules(spec, directory)); !done) return done;
  }
  if (!walls.seccomp) return {};
  // Last, since it refuses most of the calls above.
  return load_seccomp(input.filter->program);
}

}  // namespace cellblock::sandbox
