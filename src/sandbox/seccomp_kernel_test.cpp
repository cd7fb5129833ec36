// The built-in policy loaded into a real process, which needs no root: the kernel answers as the tests'
// own interpreter of filters does.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/bpf_for_test.hpp"
#include "sandbox/seccomp_load.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::sandbox {
namespace {

using for_test::Arguments;

constexpr int kX32Getpid = 0x4000'0000 + SYS_getpid;

struct Call {
  const char* name;
  long number;
  Arguments arguments;
};

const std::vector<Call>& calls() {
  static const std::vector<Call> kCalls = {
      {"getpid", SYS_getpid, {}},
      {"umask", SYS_umask, {022}},
      {"socket of AF_UNIX", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
      {"fcntl F_GETFD", SYS_fcntl, {0, F_GETFD, 0}},
      {"socket of AF_INET", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
      {"socket of AF_NETLINK", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
      {"socket of AF_UNIX with an upper half", SYS_socket, {AF_UNIX | 1ULL << 40U, SOCK_STREAM, 0}},
      {"unshare", SYS_unshare, {CLONE_NEWUSER}},
      {"clone of a namespace", SYS_clone, {CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0}},
      {"clone3", SYS_clone3, {0, 0}},
      {"setxattr", SYS_setxattr, {0, 0, 0, 0, 0}},
      {"ioctl TIOCSTI", SYS_ioctl, {0, TIOCSTI, 0}},
      {"keyctl", SYS_keyctl, {0, 0, 0, 0, 0}},
      {"bpf", SYS_bpf, {0, 0, 0}},
      {"a number without a call", 1000, {}},
      {"getpid of x32", kX32Getpid, {}},
  };
  return kCalls;
}

BpfProgram builtin_program() {
  const auto rules = parse_seccomp_policy(builtin_seccomp_policy());
  if (!rules) return {};
  return compile_seccomp(*rules).value_or(BpfProgram{});
}

// Runs `body` in a child under the filter; its wait status.
template <typename Body>
int under_filter(const BpfProgram& program, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    // The kernel takes a filter from a process without privileges only with this.
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !load_seccomp(program)) ::_exit(120);
    body();
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(SeccompInTheKernel, AnswersAsInterpreted) {
  const BpfProgram program = builtin_program();
  int ends[2] = {};
  ASSERT_EQ(::pipe(ends), 0);
  const base::Fd reader(ends[0]);
  base::Fd writer(ends[1]);
  const int status = under_filter(program, [&] {
    for (const Call& call : calls()) {
      const Arguments& with = call.arguments;
      errno = 0;
      const long result = ::syscall(call.number, with[0], with[1], with[2], with[3], with[4], with[5]);
      const int code = result < 0 ? errno : 0;
      if (::write(ends[1], &code, sizeof(code)) != sizeof(code)) ::_exit(121);
    }
  });
  writer.reset();
  ASSERT_EQ(status, 0);
  for (const Call& call : calls()) {
    int code = -1;
    ASSERT_EQ(::read(reader.get(), &code, sizeof(code)), ssize_t{sizeof(code)}) << call.name;
    const std::string seen = code == 0 ? "allow" : ::strerrorname_np(code);
    const seccomp_data data =
        for_test::system_call(AUDIT_ARCH_X86_64, static_cast<std::uint32_t>(call.number), call.arguments);
    EXPECT_PRED2(for_test::is_expected, for_test::run_filter(program, data), seen) << call.name;
  }
}

// getpid through the 32-bit entry.
int getpid_of_i386() {
  int result = 20;
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result;
}

TEST(SeccompInTheKernel, ShutsThe32BitEntry) {
  const int status = under_filter(builtin_program(), [] { ::_exit(getpid_of_i386() == -ENOSYS ? 0 : 1); });
  // A kernel without 32-bit programs has no such entry.
  const bool no_entry = WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
  EXPECT_TRUE(status == 0 || no_entry) << status;
}

}  // namespace
}  // namespace cellblock::sandbox
