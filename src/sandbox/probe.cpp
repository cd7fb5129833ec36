#include "sandbox/probe.hpp"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <utility>

#include "sandbox/cgroup.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/probe_tries.hpp"

namespace cellblock::sandbox {
namespace {

constexpr std::string_view kNamespaceFix =
    "allow unprivileged user namespaces (sysctl -w kernel.unprivileged_userns_clone=1 "
    "user.max_user_namespaces=10000), and in a container use the shipped seccomp profile";
constexpr std::string_view kRootFix = "run as root with CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID";

WallProbe wall(std::string name, NeededAt level, int code, std::string means, std::string_view fix) {
  if (code == 0) return {std::move(name), true, std::move(means), {}, level};
  return {std::move(name), false, std::generic_category().message(code), std::string(fix), level};
}

WallProbe explained_denials() {
  const bool works = probe_listening() != Listening::kNone;
  return {"explained_denials", works,
          works ? "refused system calls are named in the answer's list 'denied'"
                : "refused system calls are not named in the answer; they are refused all the same",
          works ? ""
                : "use Linux 5.0 or later, and no outer seccomp filter that listens itself (a container "
                  "manager's syscall interception)",
          NeededAt::kNoLevel};
}

WallProbe probe_cgroups(const std::string& root) {
  WallProbe found{"cgroup", false, {}, {}, NeededAt::kNoLevel};
  found.fix = "run as root, or delegate a cgroup with memory, pids and cpu (systemd: Delegate=yes)";
  auto tree = make_cgroup_tree(std::to_string(::getpid()) + "-probe", root);
  if (!tree) {
    found.means = tree.error().message();
    if (!tree.error().hint.empty()) found.fix = tree.error().hint;
    return found;
  }
  auto slot = (*tree)->make_slot(0);
  const auto limited =
      slot ? (*slot)->set_limits({64ULL << 20U, 16, 100}) : tl::make_unexpected(slot.error());
  if (!limited) {
    found.means = limited.error().message();
    return found;
  }
  return {"cgroup", true, (*tree)->means(), {}, NeededAt::kNoLevel};
}

}  // namespace

std::vector<WallProbe> probe_walls(const std::string& cgroup_root, std::uint32_t uid_base) {
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
  walls.push_back(wall("user_namespace", NeededAt::kFull, try_user_namespace(),
                       "capabilities end at the cell", kNamespaceFix));
  for (const Namespace& entry : kNamespaces) {
    walls.push_back(wall(entry.name, NeededAt::kFull, try_namespace(entry.flag), entry.means, kNamespaceFix));
  }
  walls.push_back(wall("read_only_tree", NeededAt::kFull, try_tree(),
                       "pivot_root onto read-only binds of /usr and copies of /etc", kNamespaceFix));
  walls.push_back(wall("own_inodes", NeededAt::kNoLevel, try_own_inodes(),
                       "overlays per slot: locks on shared files stay in the cell",
                       "use a kernel with overlayfs (5.11 or later without root)"));
  walls.push_back(
      wall("private_proc", NeededAt::kNoLevel, try_proc(), "/proc of the own pid namespace, processes only",
           "cells have no /proc at all; for one, don't mask paths below /proc of the service (docker: "
           "--security-opt systempaths=unconfined)"));
  walls.push_back(wall("capabilities", NeededAt::kBoth, try_capabilities(),
                       "all five sets empty, securebits locked", "run as root with CAP_SETPCAP"));
  walls.push_back(wall("seccomp", NeededAt::kBoth, try_seccomp(),
                       "allow-list, everything else refused, no_new_privs set",
                       "use a kernel built with CONFIG_SECCOMP_FILTER"));
  walls.push_back(
      wall("landlock", NeededAt::kRestricted, try_landlock(), "ABI " + std::to_string(landlock_abi()),
           "use Linux 5.13 or later with landlock in the list of CONFIG_LSM (boot option lsm=landlock,…)"));
  walls.push_back(wall("host_admin", NeededAt::kNoLevel, try_host_admin(uid_base),
                       "cells are made with the host's rights", kRootFix));
  walls.push_back(wall("own_uid", NeededAt::kRestricted, try_own_uid(uid_base),
                       "an outside uid of its own per slot", kRootFix));
  walls.push_back(explained_denials());
  walls.push_back(probe_cgroups(cgroup_root));
  return walls;
}

}  // namespace cellblock::sandbox
