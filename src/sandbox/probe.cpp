#include "sandbox/probe.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <system_error>

#include "base/fd.hpp"
#include "sandbox/cgroup.hpp"
#include "sandbox/file_tree.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/rlimits.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::sandbox {
namespace {

constexpr std::string_view kNamespaceFix =
    "run as root, or: sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000; in a "
    "container "
    "use the shipped seccomp profile";

// Runs a try in a child and returns the errno that it ends with, 0 for success.
int try_in_child(const std::function<int()>& attempt) {
  const pid_t pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) ::_exit(attempt());
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return ECHILD;
  return WEXITSTATUS(status);
}

int code_of(const StepResult& result) {
  return result ? 0 : result.error().code;
}

// An ordinary user gets into the other namespaces only by way of one for users.
int enter_user_namespace() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return errno;
  const auto own = [](std::uint32_t id) { return "0 " + std::to_string(id) + " 1"; };
  if (auto done = base::write_file(AT_FDCWD, "/proc/self/setgroups", "deny"); !done) return done.error().code;
  if (auto done = base::write_file(AT_FDCWD, "/proc/self/gid_map", own(gid)); !done) return done.error().code;
  if (auto done = base::write_file(AT_FDCWD, "/proc/self/uid_map", own(uid)); !done) return done.error().code;
  return 0;
}

int try_namespace(int flag) {
  return try_in_child([flag] {
    if (const int code = enter_user_namespace(); code != 0) return code;
    return ::unshare(flag) == 0 ? 0 : errno;
  });
}

int private_mounts() {
  if (const int code = enter_user_namespace(); code != 0) return code;
  if (::unshare(CLONE_NEWNS | CLONE_NEWPID) != 0) return errno;
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : errno;
}

int try_tree() {
  return try_in_child([] {
    if (const int code = private_mounts(); code != 0) return code;
    if (const int code = code_of(build_file_tree("/tmp", {})); code != 0) return code;
    return code_of(pivot_into("/tmp"));
  });
}

int try_proc() {
  return try_in_child([] {
    if (const int code = private_mounts(); code != 0) return code;
    // A pid namespace has its first process, and so a /proc, only after a fork.
    return try_in_child(
        [] { return ::mount("proc", "/proc", "proc", MS_NOSUID, "subset=pid") == 0 ? 0 : errno; });
  });
}

int try_seccomp() {
  return try_in_child([] {
    static constexpr std::array<sock_filter, 1> kAllow = {{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    if (const int code = code_of(set_no_new_privs()); code != 0) return code;
    return code_of(load_seccomp(kAllow));
  });
}

int try_landlock() {
  return try_in_child([] {
    static constexpr std::array<LandlockRule, 1> kAll = {{{"/", LandlockRule::Access::kRead}}};
    if (const int code = code_of(set_no_new_privs()); code != 0) return code;
    return code_of(restrict_with_landlock(kAll));
  });
}

int try_capabilities() {
  return try_in_child([] {
    if (const int code = enter_user_namespace(); code != 0) return code;
    return code_of(drop_capabilities());
  });
}

WallProbe explained_denials() {
  const bool works = probe_listening() != Listening::kNone;
  return {"explained_denials", works,
          works ? "refused system calls are named in the answer's list 'denied'"
                : "refused system calls are not named in the answer; they are refused all the same",
          works ? ""
                : "use Linux 5.0 or later, and no outer seccomp filter that listens itself (a container "
                  "manager's syscall interception)",
          false};
}

WallProbe wall(std::string name, int code, std::string means, std::string_view fix) {
  if (code == 0) return {std::move(name), true, std::move(means), {}};
  return {std::move(name), false, std::generic_category().message(code), std::string(fix)};
}

void probe_cgroups(std::vector<WallProbe>& walls, const std::string& root) {
  std::string reason;
  std::string fix = "run as root, or delegate a cgroup with memory, pids and cpu (systemd: Delegate=yes)";
  std::string means;
  auto tree = make_cgroup_tree(std::to_string(::getpid()) + "-probe", root);
  if (tree) {
    means = (*tree)->means();
    auto slot = (*tree)->make_slot(0);
    const auto limited =
        slot ? (*slot)->set_limits({64ULL << 20U, 16, 100}) : tl::make_unexpected(slot.error());
    if (!limited) reason = limited.error().message();
  } else {
    reason = tree.error().message();
    if (!tree.error().hint.empty()) fix = tree.error().hint;
  }
  for (const char* name : {"memory_limit", "process_limit", "cpu_limit"}) {
    if (reason.empty()) {
      walls.push_back({name, true, means, {}});
    } else {
      walls.push_back({name, false, reason, fix});
    }
  }
}

}  // namespace

Listening probe_listening() {
  const int code = try_in_child([] { return static_cast<int>(try_listening()); });
  // Another code is that of a child which could not be made, or was killed.
  return code <= static_cast<int>(Listening::kKillable) ? static_cast<Listening>(code) : Listening::kNone;
}

std::vector<WallProbe> probe_walls(const std::string& cgroup_root) {
  struct Namespace {
    const char* name;
    int flag;
    const char* means;
  };
  static constexpr std::array<Namespace, 6> kNamespaces = {{
      {"pid_namespace", CLONE_NEWPID, "a script sees and signals only its own processes"},
      {"mount_namespace", CLONE_NEWNS, "mounts of its own"},
      {"network_namespace", CLONE_NEWNET, "an empty network, loopback down"},
      {"ipc_namespace", CLONE_NEWIPC, "System V IPC of its own"},
      {"uts_namespace", CLONE_NEWUTS, "a host name of its own"},
      {"cgroup_namespace", CLONE_NEWCGROUP, "the host's cgroup paths are hidden"},
  }};
  std::vector<WallProbe> walls;
  walls.push_back(wall("user_namespace", try_in_child(enter_user_namespace), "capabilities end at the cell",
                       kNamespaceFix));
  for (const Namespace& entry : kNamespaces) {
    walls.push_back(wall(entry.name, try_namespace(entry.flag), entry.means, kNamespaceFix));
  }
  walls.push_back(wall("read_only_tree", try_tree(),
                       "pivot_root onto read-only binds of /usr and copies of /etc", kNamespaceFix));
  walls.push_back(
      wall("private_proc", try_proc(), "/proc of the own pid namespace, processes only",
           "don't mask paths below /proc of the service (docker: --security-opt systempaths=unconfined)"));
  walls.push_back(
      wall("capabilities", try_capabilities(), "all five sets empty, securebits locked", kNamespaceFix));
  walls.push_back(wall("seccomp", try_seccomp(), "allow-list, everything else refused, no_new_privs set",
                       "use a kernel built with CONFIG_SECCOMP_FILTER"));
  walls.push_back(
      wall("landlock", try_landlock(), "Landlock ABI " + std::to_string(landlock_abi()),
           "use Linux 5.13 or later with landlock in the list of CONFIG_LSM (boot option lsm=landlock,…)"));
  walls.push_back(explained_denials());
  const bool root = ::geteuid() == 0;
  walls.push_back(
      {"own_uid", root,
       root ? "an outside uid of its own per slot" : "cells run as the service's own user outside",
       root ? "" : "run as root, so that uids can be mapped"});
  probe_cgroups(walls, cgroup_root);
  return walls;
}

bool all_stand(const std::vector<WallProbe>& walls) {
  return std::all_of(walls.begin(), walls.end(),
                     [](const WallProbe& wall) { return wall.stands || !wall.required; });
}

}  // namespace cellblock::sandbox
