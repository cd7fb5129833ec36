#include "jailer/host_setup.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <string>

#include "base/fd.hpp"
#include "sandbox/file_tree.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/rlimits.hpp"

namespace cellblock::jailer {

using sandbox::Step;
using sandbox::step_failed;
using sandbox::StepResult;

namespace {

// As a nice level: before all cells, of which many run at once, each with a share of its own.
constexpr const char* kSessionNice = "-10";

// Cells inherit the session keyring of who makes them until they have their own, and beyond where their
// user's allowance of keys is used up (shed_inheritance). So there is nothing to be found or left in this
// one.
StepResult take_dead_keyring() {
  // Out of the starter's. ENOSYS: a kernel without keyrings. EPERM: a container refuses the call to all in
  // it.
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0) {
    if (errno == ENOSYS || errno == EPERM) return {};
    return step_failed(Step::kHostHandles);
  }
  // Nobody can search it, read it or add to it any more.
  if (::syscall(SYS_keyctl, KEYCTL_REVOKE, KEY_SPEC_SESSION_KEYRING) < 0)
    return step_failed(Step::kHostHandles);
  return {};
}

}  // namespace

StepResult detach() {
  // Out of the terminal's process group: Ctrl-C is the server's to handle.
  if (::setsid() < 0) return step_failed(Step::kHostHandles);
  // Whoever waits for a cell waits for the jailer and the zygotes, and all others for them. Where the kernel
  // shares out the CPUs by sessions a process's own priority counts for nothing against other sessions. A
  // kernel that does not has no such file; without root it takes no word for it.
  static_cast<void>(base::write_file(AT_FDCWD, "/proc/self/autogroup", kSessionNice));
  if (auto done = take_dead_keyring(); !done) return done;
  // Supplementary groups would go on into every cell. Without privileges there is no way to drop them; the
  // cells' user namespaces have them unmapped.
  if (::geteuid() == 0 && ::setgroups(0, nullptr) != 0) return step_failed(Step::kHostHandles);
  ::umask(022);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  // Orphans of a dead zygote come here to be reaped, so that their cells can end.
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return step_failed(Step::kHostHandles);
  // What cells inherit, since who has started the service may have set 0, and only root can raise it again.
  const rlimit core{sandbox::kCoreBytes, sandbox::kCoreBytes};
  if (::setrlimit(RLIMIT_CORE, &core) != 0 && errno != EPERM) return step_failed(Step::kHostHandles);
  // Room for the descriptors of many cells; the hard limit is the operator's word.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return step_failed(Step::kHostHandles);
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return step_failed(Step::kHostHandles);
  return {};
}

StepResult rule_own_namespace(const sandbox::JailSpec& spec) {
  // Root without the rights of root: nobody's uid serves better than root's for what cells are outside.
  if (::geteuid() == 0) {
    const std::uint32_t all = spec.uid_of_all();
    if (::setresgid(all, all, all) != 0) return step_failed(Step::kIdentity);
    if (::setresuid(all, all, all) != 0) return step_failed(Step::kIdentity);
    // A change of ids makes /proc/self root's.
    if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return step_failed(Step::kIdentity);
  }
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return step_failed(Step::kUserNamespace);
  const auto own = [](std::uint32_t id) {
    return std::to_string(sandbox::kIdInOwnNamespace) + " " + std::to_string(id) + " 1";
  };
  const bool mapped = base::write_file(AT_FDCWD, "/proc/self/setgroups", "deny").has_value() &&
                      base::write_file(AT_FDCWD, "/proc/self/gid_map", own(gid)).has_value() &&
                      base::write_file(AT_FDCWD, "/proc/self/uid_map", own(uid)).has_value();
  if (!mapped) return step_failed(Step::kUserNamespace);
  // The program that is executed next needs them, and only root's come along by themselves.
  return sandbox::keep_capabilities();
}

StepResult move_into_tree(const sandbox::JailSpec& spec) {
  // The jailer needs no network; the sockets that it makes for cells are in an empty one like the cells'.
  if (::unshare(CLONE_NEWNET) != 0) return step_failed(Step::kNetworkNamespace);
  // Modules that a zygote imports keep the host's name (platform.uname() does), and every cell would know it.
  if (::unshare(CLONE_NEWUTS) != 0 || ::sethostname(spec.hostname.data(), spec.hostname.size()) != 0)
    return step_failed(Step::kHostname);
  if (::unshare(CLONE_NEWNS) != 0) return step_failed(Step::kMountNamespace);
  // Nothing that is mounted from here on may show up on the host.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return step_failed(Step::kMountNamespace);
  // Any directory will do to mount on, it is only covered: /tmp exists everywhere.
  if (auto done = sandbox::build_file_tree("/tmp", sandbox::additions_of(spec)); !done) return done;
  return sandbox::pivot_into("/tmp");
}

tl::expected<base::Fd, sandbox::StepFailure> claim_user_ids(const sandbox::JailSpec& spec) {
  base::Fd claim(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!claim.valid()) return step_failed(Step::kUserIds);
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  const std::string name = "cellblock-user-ids-" + std::to_string(spec.uid_base);
  // After a leading zero: a name that is no file, and is free again when its holder has ended, however that
  // was.
  name.copy(&place.sun_path[1], sizeof(place.sun_path) - 1);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(claim.get(), reinterpret_cast<const sockaddr*>(&place), length) != 0)
    return step_failed(Step::kUserIds);
  return claim;
}

StepResult prepare_work_root(sandbox::JailSpec& spec) {
  std::string path = "/tmp/cellblock-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return step_failed(Step::kWorkDirectory);
  // Slots must get to theirs, but see no others.
  if (::chmod(path.c_str(), 0711) != 0) return step_failed(Step::kWorkDirectory);
  spec.work_root = path;
  return {};
}

}  // namespace cellblock::jailer
