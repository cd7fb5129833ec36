#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "sandbox/cell_setup.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::sandbox {
namespace {

constexpr int kLowestPriority = 19;

constexpr int kJoined = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

std::vector<LandlockRule> landlock_rules(const JailSpec& spec) {
  std::vector<LandlockRule> rules = {
      {"/", LandlockRule::Access::kRead},
      {"/tmp", LandlockRule::Access::kReadWrite},
      {"/dev/shm", LandlockRule::Access::kReadWrite},
      {"/dev/null", LandlockRule::Access::kDevice},
      {"/dev/full", LandlockRule::Access::kDevice},
  };
  // Mapped for writing it is shared memory without a name, which only a cgroup counts; reading is not
  // affected.
  if (spec.walls.cgroups) rules.push_back({"/dev/zero", LandlockRule::Access::kDevice});
  for (const ScratchPlace& scratch : spec.scratch) {
    rules.push_back({scratch.place, LandlockRule::Access::kReadWrite});
  }
  for (const ShownPath& shown : spec.shown) {
    if (shown.writable) rules.push_back({shown.place, LandlockRule::Access::kShared});
  }
  return rules;
}

StepResult join_namespaces(const JailSpec& spec, int first_process) {
  // The pid namespace was entered by the fork; the rest in one call, the user namespace first.
  if (::setns(first_process, kJoined) != 0) return step_failed(Step::kJoinNamespaces);
  // Made here and not by the first process, so that its root is the slot's cgroup.
  if (::unshare(CLONE_NEWCGROUP) != 0) return step_failed(Step::kCgroupNamespace);
  // The zygote's ids are unmapped in the cell; these are the only mapped ones.
  if (::setresgid(spec.inside_gid, spec.inside_gid, spec.inside_gid) != 0)
    return step_failed(Step::kIdentity);
  if (::setresuid(spec.inside_uid, spec.inside_uid, spec.inside_uid) != 0)
    return step_failed(Step::kIdentity);
  return {};
}

}  // namespace

StepResult shed_inheritance(const std::string& directory) {
  // Out of the zygote's session: no controlling terminal, no shared process group.
  if (::setsid() < 0) return step_failed(Step::kSession);
  // Out of its session keyring. ENOSYS: a kernel without keyrings has nothing to shed. EPERM: a container
  // refuses the call to all in it, as the cell's own filter does. EDQUOT: an ordinary user has 200 keys on
  // the whole host, and all cells may be one user; what stays is the jailer's keyring, which is revoked.
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS && errno != EPERM &&
      errno != EDQUOT) {
    return step_failed(Step::kSession);
  }
  // The zygote blocks SIGCHLD for its own loop.
  sigset_t none;
  sigemptyset(&none);
  if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return step_failed(Step::kSession);
  ::umask(022);
  if (::chdir(directory.c_str()) != 0) return step_failed(Step::kChangeDirectory);
  return {};
}

StepResult enter_limits(const SealInput& input) {
  // While the process still has the zygote's rights over the host's cgroups.
  for (const int procs : input.cgroup_procs) {
    if (::write(procs, "0", 1) != 1) return step_failed(Step::kCgroupAttach);
  }
  // Where no cgroup shares out the CPUs, server, jailer and zygote go before all cells; there is no way back.
  if (input.cgroup_procs.empty() && ::setpriority(PRIO_PROCESS, 0, kLowestPriority) != 0)
    return step_failed(Step::kRlimits);
  // When the host itself runs out of memory, scripts go first. Here, since a cell may have no /proc.
  const base::Fd score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (!score.valid() || ::write(score.get(), "1000", 4) != 4) return step_failed(Step::kOomScore);
  return {};
}

StepResult seal_cell(const SealInput& input) {
  if (auto done = enter_limits(input); !done) return done;
  if (auto done = join_namespaces(*input.spec, input.first_process); !done) return done;
  if (::prctl(PR_SET_NAME, "cellblock-cell", 0, 0, 0) != 0) return step_failed(Step::kSession);
  // The change of ids has made the process undumpable, and with it /proc/self the property of an unmapped
  // user. Programs need theirs; nobody in here can trace, the filter sees to that.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return step_failed(Step::kSession);
  if (auto done = shed_inheritance(input.spec->working_directory); !done) return done;
  if (auto done = set_rlimits(input.rlimits); !done) return done;
  if (auto done = drop_capabilities(); !done) return done;
  return lock_cell(input);
}

StepResult lock_cell(const SealInput& input) {
  if (auto done = set_no_new_privs(); !done) return done;
  if (input.spec->walls.landlock) {
    if (auto done = restrict_with_landlock(landlock_rules(*input.spec)); !done) return done;
  }
  // Last, since it refuses most of the calls above.
  if (input.filter->listening == Listening::kNone) return load_seccomp(input.filter->program);
  const auto listener = load_listening(input.filter->program, input.filter->listening);
  if (!listener) return tl::make_unexpected(listener.error());
  // Who has the listener decides what refused calls return: the first process alone, never the script.
  return hand_over_listener(input.supervisor, listener->get());
}

}  // namespace cellblock::sandbox
