// cellblock-jailer: started by the server, with its control socket on descriptor 3, the jail specification on
// 4 and the zygote's program on 5. Builds the read-only tree, moves into it, and makes cells. Not meant to be
// started by hand.
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "jailer/jailer.hpp"
#include "sandbox/file_tree.hpp"
#include "sandbox/refusals.hpp"

namespace cellblock::jailer {
namespace {

using sandbox::Step;
using sandbox::step_failed;
using sandbox::StepResult;

constexpr int kServer = 3;
constexpr int kSpec = 4;
constexpr int kProgram = 5;

int fatal(int server, Step step, int code, std::string_view text) {
  protocol::ControlMessage message;
  message.kind = protocol::ControlKind::kFatal;
  message.step = static_cast<std::uint32_t>(step);
  message.code = code;
  message.set_text(text);
  static_cast<void>(protocol::send_control(server, message));
  return 3;
}

// What the jailer and all its children must not keep of the one who started the server.
StepResult detach() {
  // Out of the terminal's process group: Ctrl-C is the server's to handle.
  if (::setsid() < 0) return step_failed(Step::kHostHandles);
  // A session keyring of its own. ENOSYS: a kernel without keyrings.
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS && errno != EPERM) {
    return step_failed(Step::kHostHandles);
  }
  // Supplementary groups would go on into every cell. Without privileges there is no way to drop them; the
  // cells' user namespaces have them unmapped.
  if (::geteuid() == 0 && ::setgroups(0, nullptr) != 0) return step_failed(Step::kHostHandles);
  ::umask(022);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  // Orphans of a dead zygote come here to be reaped, so that their cells can end.
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return step_failed(Step::kHostHandles);
  // Room for the descriptors of many cells; the hard limit is the operator's word.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return step_failed(Step::kHostHandles);
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return step_failed(Step::kHostHandles);
  return {};
}

// An ordinary user gets the right to mount and to make namespaces in a user namespace of its own.
StepResult become_root_of_own_namespace() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return step_failed(Step::kUserNamespace);
  const bool mapped =
      base::write_file(AT_FDCWD, "/proc/self/setgroups", "deny").has_value() &&
      base::write_file(AT_FDCWD, "/proc/self/gid_map", "0 " + std::to_string(gid) + " 1").has_value() &&
      base::write_file(AT_FDCWD, "/proc/self/uid_map", "0 " + std::to_string(uid) + " 1").has_value();
  if (!mapped) return step_failed(Step::kUserNamespace);
  return {};
}

StepResult move_into_tree(const sandbox::JailSpec& spec) {
  if (::unshare(CLONE_NEWNS) != 0) return step_failed(Step::kMountNamespace);
  // Nothing that is mounted from here on may show up on the host.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return step_failed(Step::kMountNamespace);
  // Any directory will do to mount on, it is only covered: /tmp exists everywhere.
  if (auto done = sandbox::build_file_tree("/tmp", spec.library_paths); !done) return done;
  return sandbox::pivot_into("/tmp");
}

// What the zygote's filter refuses, for the first processes to look up.
base::Result<sandbox::Refusals> read_refusals() {
  const auto rules = sandbox::parse_seccomp_policy(sandbox::builtin_seccomp_policy());
  if (!rules) return tl::make_unexpected(rules.error());
  return sandbox::number_rules(*rules);
}

int main_of_jailer() {
  HostHandles host;
  host.server = base::Fd(kServer);
  host.zygote_program = base::Fd(kProgram);
  ::fcntl(kServer, F_SETFD, FD_CLOEXEC);
  ::fcntl(kProgram, F_SETFD, FD_CLOEXEC);
  const auto text = base::read_file(AT_FDCWD, "/proc/self/fd/" + std::to_string(kSpec));
  ::close(kSpec);
  auto spec = text ? sandbox::jail_spec_from_json(*text) : tl::make_unexpected(text.error());
  if (!spec) return fatal(host.server.get(), Step::kHostHandles, spec.error().code, spec.error().message());
  auto refusals = read_refusals();
  if (!refusals) return fatal(host.server.get(), Step::kHostHandles, 0, refusals.error().message());
  if (auto done = detach(); !done) return fatal(host.server.get(), done.error().step, done.error().code, "");
  host.privileged = ::geteuid() == 0;
  // Cgroups before the change of user namespace, while the host's view of who may write is the caller's.
  auto tree = sandbox::make_cgroup_tree(spec->service_id, spec->cgroup_root);
  if (!tree) return fatal(host.server.get(), Step::kCgroupRoot, tree.error().code, tree.error().message());
  if (!host.privileged) {
    if (auto done = become_root_of_own_namespace(); !done) {
      return fatal(host.server.get(), done.error().step, done.error().code, "");
    }
  }
  host.proc = base::Fd(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!host.proc.valid()) return fatal(host.server.get(), Step::kHostHandles, errno, "open /proc");
  if (auto done = move_into_tree(*spec); !done) {
    return fatal(host.server.get(), done.error().step, done.error().code, "");
  }
  return Jailer(std::move(*spec), std::move(*refusals), std::move(host), **tree).run();
}

}  // namespace
}  // namespace cellblock::jailer

int main() {
  return cellblock::jailer::main_of_jailer();
}
