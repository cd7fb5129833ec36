#include "sandbox/probe_tries.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

#include "base/fd.hpp"
#include "sandbox/file_tree.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/probe.hpp"
#include "sandbox/seccomp_listener.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::sandbox {
namespace {

// Runs a try in a child and returns the errno that it ends with, 0 for success.
int try_in_child(const std::function<int()>& attempt) {
  // The plain one, without anybody's hooks: the thread sanitizer's fork starts a thread in the child, and
  // only a process with one thread can make a user namespace.
  const pid_t pid = ::_Fork();
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

int private_mounts() {
  if (const int code = enter_user_namespace(); code != 0) return code;
  if (::unshare(CLONE_NEWNS | CLONE_NEWPID) != 0) return errno;
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : errno;
}

int build_and_enter(TreeStyle style) {
  if (const int code = code_of(build_file_tree("/tmp", {}, style)); code != 0) return code;
  return code_of(pivot_into("/tmp"));
}

int change_to(std::uint32_t uid) {
  if (::setgroups(0, nullptr) != 0) return errno;
  if (::setresgid(uid, uid, uid) != 0) return errno;
  return ::setresuid(uid, uid, uid) == 0 ? 0 : errno;
}

}  // namespace

int try_user_namespace() {
  return try_in_child(enter_user_namespace);
}

int try_namespace(int flag) {
  return try_in_child([flag] {
    if (const int code = enter_user_namespace(); code != 0) return code;
    if (::unshare(flag) != 0) return errno;
    // A container's filter may allow the namespace and not its name, without which no cell is made.
    return flag != CLONE_NEWUTS || ::sethostname("cell", 4) == 0 ? 0 : errno;
  });
}

int try_host_admin(std::uint32_t uid) {
  return try_in_child([uid] {
    if (::unshare(CLONE_NEWNS) != 0) return errno;
    return change_to(uid);
  });
}

int try_tree() {
  return try_in_child([] {
    const int code = private_mounts();
    return code != 0 ? code : build_and_enter({});
  });
}

int try_own_inodes() {
  return try_in_child([] {
    if (const int code = private_mounts(); code != 0) return code;
    if (const int code = build_and_enter({}); code != 0) return code;
    return build_and_enter({Inodes::kOwn, Devices::kShared});
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
    const std::array<LandlockRule, 1> all = {{{"/", LandlockRule::Access::kRead}}};
    if (const int code = code_of(set_no_new_privs()); code != 0) return code;
    return code_of(restrict_with_landlock(all));
  });
}

int try_capabilities() {
  return try_in_child([] {
    if (drop_capabilities()) return 0;
    // Without CAP_SETPCAP outside: the cell has it in its user namespace.
    if (const int code = enter_user_namespace(); code != 0) return code;
    return code_of(drop_capabilities());
  });
}

Listening probe_listening() {
  const int code = try_in_child([] { return static_cast<int>(try_listening()); });
  // Another code is that of a child which could not be made, or was killed.
  return code <= static_cast<int>(Listening::kKillable) ? static_cast<Listening>(code) : Listening::kNone;
}

int try_own_uid(std::uint32_t uid) {
  return try_in_child([uid] { return change_to(uid); });
}

}  // namespace cellblock::sandbox
