#include "sandbox/expected_calls_for_test.hpp"

#include <asm/ioctls.h>
#include <asm/prctl.h>
#include <asm/socket.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <initializer_list>

namespace cellblock::sandbox::for_test {
namespace {

bool one_of(std::uint64_t value, std::initializer_list<std::uint64_t> these) {
  return std::find(these.begin(), these.end(), value) != these.end();
}

std::string allow_if(bool allowed) {
  return allowed ? "allow" : "EPERM";
}

ConditionalCall always(const char* answer) {
  return {[answer](const Arguments&) { return std::string(answer); }, {}};
}

std::string fcntl_answer(const Arguments& arguments) {
  return allow_if(one_of(arguments[1], {F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK,
                                        F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_DUPFD_CLOEXEC,
                                        F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS}));
}

std::string ioctl_answer(const Arguments& arguments) {
  if (one_of(arguments[1], {FICLONE, TIOCGPGRP, TIOCSPGRP})) return "ENOTTY";
  return allow_if(one_of(arguments[1], {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX}));
}

std::string clone_answer(const Arguments& arguments) {
  // The kernel takes the lower half only.
  constexpr std::uint64_t kRefused = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PARENT;
  return allow_if((arguments[0] & kRefused) == 0);
}

std::string prctl_answer(const Arguments& arguments) {
  return allow_if(one_of(arguments[0], {PR_SET_PDEATHSIG, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP,
                                        PR_CAPBSET_READ, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS}));
}

std::string socket_answer(const Arguments& arguments) {
  if (one_of(arguments[0], {AF_INET, AF_INET6})) return "ENETUNREACH";
  return allow_if(arguments[0] == AF_UNIX);
}

std::string setsockopt_answer(const Arguments& arguments) {
  return allow_if(arguments[1] == SOL_SOCKET &&
                  one_of(arguments[2], {SO_REUSEADDR, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_LINGER,
                                        SO_REUSEPORT, SO_PASSCRED, SO_RCVTIMEO, SO_SNDTIMEO}));
}

std::string getsockopt_answer(const Arguments& arguments) {
  return allow_if(arguments[1] == SOL_SOCKET &&
                  (setsockopt_answer(arguments) == "allow" ||
                   one_of(arguments[2], {SO_TYPE, SO_ERROR, SO_PEERCRED, SO_PROTOCOL, SO_DOMAIN})));
}

// The kernel takes the lower half of an int.
std::uint64_t lower_half(std::uint64_t value) {
  return value & 0xffff'ffff;
}

std::string prlimit_answer(const Arguments& arguments) {
  // To ask is harmless, whoever it is about; what is set reaches the calling process only.
  if (arguments[2] == 0) return "allow";
  return allow_if(arguments[0] == 0 && lower_half(arguments[1]) < RLIM_NLIMITS &&
                  lower_half(arguments[1]) != RLIMIT_CORE);
}

std::string setrlimit_answer(const Arguments& arguments) {
  return allow_if(lower_half(arguments[0]) < RLIM_NLIMITS && lower_half(arguments[0]) != RLIMIT_CORE);
}

std::string fadvise_answer(const Arguments& arguments) {
  return allow_if(one_of(lower_half(arguments[3]),
                         {POSIX_FADV_NORMAL, POSIX_FADV_RANDOM, POSIX_FADV_SEQUENTIAL, POSIX_FADV_WILLNEED}));
}

std::string madvise_answer(const Arguments& arguments) {
  // 5 to 7 are no advice.
  return allow_if(one_of(lower_half(arguments[2]), {MADV_NORMAL,
                                                    MADV_RANDOM,
                                                    MADV_SEQUENTIAL,
                                                    MADV_WILLNEED,
                                                    MADV_DONTNEED,
                                                    5,
                                                    6,
                                                    7,
                                                    MADV_FREE,
                                                    MADV_REMOVE,
                                                    MADV_DONTFORK,
                                                    MADV_DOFORK,
                                                    MADV_HUGEPAGE,
                                                    MADV_NOHUGEPAGE,
                                                    MADV_DONTDUMP,
                                                    MADV_DODUMP,
                                                    MADV_WIPEONFORK,
                                                    MADV_KEEPONFORK,
                                                    MADV_POPULATE_READ,
                                                    MADV_POPULATE_WRITE}));
}

std::string futex_answer(const Arguments& arguments) {
  constexpr std::uint64_t kFlags = FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
  const std::uint64_t operation = lower_half(arguments[1]) & ~kFlags;
  constexpr std::uint64_t kLockPi2 = 13;  // newer than the headers
  if (one_of(operation, {FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_WAIT_REQUEUE_PI,
                         FUTEX_CMP_REQUEUE_PI, kLockPi2})) {
    return "ENOSYS";
  }
  return allow_if(one_of(operation, {FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP,
                                     FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET}));
}

std::string arch_prctl_answer(const Arguments& arguments) {
  // The last two are newer than the headers: ARCH_CET_STATUS, ARCH_SHSTK_STATUS.
  return allow_if(
      one_of(lower_half(arguments[0]), {ARCH_SET_GS, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS, 0x3001, 0x5005}));
}

// Urgent bytes go nowhere; `flags` is the argument that may ask for them.
ConditionalCall without_urgent_bytes(unsigned flags) {
  return {[flags](const Arguments& with) {
            return std::string((with[flags] & MSG_OOB) == 0 ? "allow" : "EOPNOTSUPP");
          },
          {flags}};
}

// No device node, no plain file, no socket: those have other calls.
bool makes_a_fifo(std::uint64_t mode) {
  return (mode & S_IFMT) == S_IFIFO;
}

}  // namespace

const std::vector<std::string_view>& plain_calls() {
  static const std::vector<std::string_view> kCalls = {
      // data of files
      "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
      "lseek", "truncate", "ftruncate", "fallocate", "fsync", "fdatasync", "sendfile", "flock",
      "copy_file_range",
      // descriptors
      "open", "openat", "creat", "close", "close_range", "dup", "dup2", "dup3",
      // names
      "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd",
      "chdir", "fchdir", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2",
      "link", "linkat", "symlink", "symlinkat",
      // attributes
      "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "chmod", "fchmod", "fchmodat",
      "chown", "fchown", "lchown", "fchownat", "utime", "utimes", "utimensat", "umask", "listxattr",
      "llistxattr", "flistxattr", "getxattr", "lgetxattr", "fgetxattr",
      // memory
      "mprotect", "munmap", "mremap", "msync", "brk", "mlock", "munlock", "get_mempolicy",
      // processes
      "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "getpid", "getppid",
      "gettid", "getpgid", "getpgrp", "setpgid", "getsid", "setsid", "getuid", "geteuid", "getgid", "getegid",
      "getresuid", "getresgid", "getgroups", "capget", "pidfd_open",
      // limits and scheduling
      "getrlimit", "getrusage", "times", "getpriority", "setpriority", "sched_yield", "sched_getaffinity",
      "sched_setaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
      "sched_get_priority_min", "sched_rr_get_interval",
      // threads
      "set_tid_address", "set_robust_list", "rseq",
      // signals
      "kill", "tkill", "tgkill", "rt_sigqueueinfo", "pidfd_send_signal", "rt_sigaction", "rt_sigprocmask",
      "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "rt_sigreturn", "sigaltstack", "restart_syscall",
      "pause", "signalfd4",
      // time
      "alarm", "getitimer", "setitimer", "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun",
      "timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime", "clock_gettime", "clock_getres",
      "clock_nanosleep", "nanosleep", "gettimeofday", "time",
      // waiting
      "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
      "epoll_pwait", "eventfd2", "pipe", "pipe2",
      // sockets, once there is one
      "bind", "connect", "listen", "accept", "accept4", "getsockname", "getpeername", "shutdown",
      // the system
      "getrandom", "uname", "sysinfo", "getcpu"};
  return kCalls;
}

const std::map<std::string_view, ConditionalCall>& conditional_calls() {
  static const std::map<std::string_view, ConditionalCall> kCalls = {
      {"fcntl", {fcntl_answer, {1}}},
      {"ioctl", {ioctl_answer, {1}}},
      {"clone", {clone_answer, {0}}},
      {"prctl", {prctl_answer, {0}}},
      {"socket", {socket_answer, {0}}},
      {"socketpair", {[](const Arguments& with) { return allow_if(with[0] == AF_UNIX); }, {0}}},
      {"sendto", without_urgent_bytes(3)},
      {"recvfrom", without_urgent_bytes(3)},
      {"sendmsg", without_urgent_bytes(2)},
      {"recvmsg", without_urgent_bytes(2)},
      {"prlimit64", {prlimit_answer, {0, 1, 2}}},
      {"setrlimit", {setrlimit_answer, {0}}},
      {"fadvise64", {fadvise_answer, {3}}},
      {"madvise", {madvise_answer, {2}}},
      {"futex", {futex_answer, {1}}},
      {"arch_prctl", {arch_prctl_answer, {0}}},
      {"setsockopt", {setsockopt_answer, {1, 2}}},
      {"getsockopt", {getsockopt_answer, {1, 2}}},
      {"mknod", {[](const Arguments& with) { return allow_if(makes_a_fifo(with[1])); }, {1}}},
      {"mknodat", {[](const Arguments& with) { return allow_if(makes_a_fifo(with[2])); }, {2}}},
      {"mmap", {[](const Arguments& with) { return allow_if((with[3] & MAP_HUGETLB) == 0); }, {3}}},
      {"memfd_create", {[](const Arguments& with) { return allow_if((with[1] & MFD_HUGETLB) == 0); }, {1}}},
      {"clone3", always("ENOSYS")},
      {"set_mempolicy", always("ENOSYS")},
      {"mbind", always("ENOSYS")},
      {"setxattr", always("EOPNOTSUPP")},
      {"lsetxattr", always("EOPNOTSUPP")},
      {"fsetxattr", always("EOPNOTSUPP")},
      {"removexattr", always("EOPNOTSUPP")},
      {"lremovexattr", always("EOPNOTSUPP")},
      {"fremovexattr", always("EOPNOTSUPP")},
  };
  return kCalls;
}

std::string expected_answer(std::string_view name, const Arguments& arguments) {
  const auto& conditional = conditional_calls();
  if (const auto found = conditional.find(name); found != conditional.end()) {
    return found->second.answer(arguments);
  }
  const auto& plain = plain_calls();
  return allow_if(std::find(plain.begin(), plain.end(), name) != plain.end());
}

}  // namespace cellblock::sandbox::for_test
