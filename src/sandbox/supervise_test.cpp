#include "sandbox/supervise.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <functional>
#include <set>

#include "sandbox/bpf_for_test.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/probe.hpp"
#include "sandbox/refusal_names.hpp"
#include "sandbox/seccomp_listener.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::sandbox {
namespace {

bool allowed(std::uint32_t number, const for_test::Arguments& arguments = {},
             std::uint32_t architecture = AUDIT_ARCH_X86_64) {
  const auto call = for_test::system_call(architecture, number, arguments);
  return for_test::run_filter(supervisor_filter(false), call) == SECCOMP_RET_ALLOW;
}

TEST(SupervisorFilter, LetsThroughWhatTheLoopNeedsAndNothingElse) {
  const std::set<std::uint32_t> needed = {
      SYS_recvmsg, SYS_close, SYS_poll, SYS_clock_nanosleep, SYS_pause, SYS_exit_group, SYS_restart_syscall};
  for (std::uint32_t number = 0; number < 1024; ++number) {
    EXPECT_EQ(allowed(number), needed.contains(number)) << number;
    EXPECT_FALSE(allowed(number | 0x4000'0000U)) << "x32 " << number;
    EXPECT_FALSE(allowed(number, {}, AUDIT_ARCH_I386)) << "i386 " << number;
  }
}

TEST(SupervisorFilter, LetsThroughTwoCommandsOfIoctl) {
  for (const std::uint64_t command : {SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND}) {
    EXPECT_TRUE(allowed(SYS_ioctl, {3, command, 0x1000}));
    for (unsigned bit = 0; bit < 32; ++bit) {
      EXPECT_FALSE(allowed(SYS_ioctl, {3, command ^ (std::uint64_t{1} << bit)})) << bit;
    }
  }
  EXPECT_FALSE(allowed(SYS_ioctl, {3, SECCOMP_IOCTL_NOTIF_ADDFD}));
  EXPECT_FALSE(allowed(SYS_ioctl, {SECCOMP_IOCTL_NOTIF_RECV, 0, SECCOMP_IOCTL_NOTIF_SEND}));
}

// The address sanitizer's runtime makes calls of its own, which the supervisor's filter kills for.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kUnderFilter = false;
#else
constexpr bool kUnderFilter = true;
#endif

// A supervisor and a process under the real policy, as in a cell but without namespaces.
class Supervised : public testing::Test {
 protected:
  void SetUp() override {
    listening_ = probe_listening();
    if (listening_ == Listening::kNone) GTEST_SKIP() << "this host has no seccomp notifications to give";
    file_ = make_ledger().value();
    ledger_ = map_ledger(file_.get());
    auto sockets = base::make_socketpair(SOCK_STREAM).value();
    line_ = std::move(sockets.first);
    const auto rules = parse_seccomp_policy(builtin_seccomp_policy()).value();
    program_ = compile_seccomp(rules, Refusing::kByNotice).value();
    refusals_ = number_rules(rules).value();
    supervisor_ = ::fork();
    if (supervisor_ == 0) {
      line_.reset();
      if (!set_no_new_privs()) ::_exit(2);
      if (kUnderFilter && !load_seccomp(supervisor_filter(false))) ::_exit(2);
      supervise(std::move(sockets.second), *ledger_, refusals_, nullptr);
    }
  }
  void TearDown() override {
    if (supervisor_ <= 0) return;
    ::kill(supervisor_, SIGKILL);
    ::waitpid(supervisor_, nullptr, 0);
  }

  // Runs it under the filter, in a process of its own; its exit code, or the signal that ended it plus 1000.
  int run(const std::function<int()>& script) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (!set_no_new_privs()) ::_exit(100);
      auto listener = load_listening(program_, listening_);
      if (!listener || !hand_over_listener(line_.get(), listener->get())) ::_exit(101);
      listener->reset();
      ::_exit(script());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  [[nodiscard]] std::uint32_t count(int number, const for_test::Arguments& arguments = {}) const {
    return ledger_->refused[refusals_.judge(number, arguments).counter];
  }

  Listening listening_ = Listening::kNone;
  base::Fd file_;
  CellLedger* ledger_ = nullptr;
  base::Fd line_;
  BpfProgram program_;
  Refusals refusals_;
  pid_t supervisor_ = -1;
};

TEST_F(Supervised, RefusedCallsEndWithTheErrnoOfTheirRuleAndAreCounted) {
  EXPECT_EQ(run([] {
              for (int turn = 0; turn < 3; ++turn) {
                if (::socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != ENETUNREACH) return 1;
              }
              if (::syscall(SYS_ptrace, 0, 0, 0, 0) != -1 || errno != EPERM) return 2;
              if (::syscall(SYS_vmsplice, 0, 0, 0, 0) != -1 || errno != EPERM) return 3;
              if (::syscall(-1) != -1 || errno != ENOSYS) return 4;
              if (::syscall(SYS_clone3, 0, 0) != -1 || errno != ENOSYS) return 5;
              return ::getpid() > 0 ? 0 : 6;
            }),
            0);
  EXPECT_EQ(count(SYS_socket, {AF_INET}), 3U);
  EXPECT_EQ(count(SYS_ptrace), 1U);
  EXPECT_EQ(count(SYS_vmsplice), 1U);
  EXPECT_EQ(ledger_->refused_calls, 5U) << "clone3 is quiet, and what is no call";
}

TEST_F(Supervised, ASignalDuringARefusedCallIsHandled) {
  EXPECT_EQ(run([] {
              static volatile sig_atomic_t ticks = 0;
              ::signal(SIGALRM, [](int) { ticks = ticks + 1; });
              const itimerval often{{0, 300}, {0, 300}};
              ::setitimer(ITIMER_REAL, &often, nullptr);
              for (int turn = 0; turn < 2000 || ticks < 5; ++turn) {
                if (turn == 3000) return 1;
                if (::syscall(SYS_ptrace, 0, 0, 0, 0) != -1 || errno != EPERM) return 2;
              }
              return 0;
            }),
            0);
  EXPECT_GE(count(SYS_ptrace), 2000U);
  EXPECT_LE(count(SYS_ptrace), 3000U);
}

TEST_F(Supervised, WhoHammersWaits) {
  timespec began{};
  ::clock_gettime(CLOCK_MONOTONIC, &began);
  EXPECT_EQ(run([] {
              for (std::uint64_t turn = 0; turn < kPromptLooks + 20; ++turn) {
                if (::syscall(SYS_ptrace, 0, 0, 0, 0) != -1) return 1;
              }
              return 0;
            }),
            0);
  timespec ended{};
  ::clock_gettime(CLOCK_MONOTONIC, &ended);
  const auto milliseconds =
      (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1'000'000;
  EXPECT_GE(milliseconds, 190) << "the last twenty answers, 10 ms each";
  EXPECT_EQ(count(SYS_ptrace), kPromptLooks + 20);
}

TEST_F(Supervised, CountedCallsAreLetThroughAndSlowDownInTheEnd) {
  timespec began{};
  ::clock_gettime(CLOCK_MONOTONIC, &began);
  EXPECT_EQ(run([] {
              const int file = ::memfd_create("locked", 0);
              struct flock lock {};
              lock.l_type = F_WRLCK;
              lock.l_len = 1;
              for (std::uint64_t turn = 0; turn < kPromptLocks + 50; ++turn) {
                if (::fcntl(file, F_SETLK, &lock) != 0) return 1;
              }
              struct flock question = lock;
              return ::fcntl(file, F_GETLK, &question) == 0 ? 0 : 2;
            }),
            0);
  timespec ended{};
  ::clock_gettime(CLOCK_MONOTONIC, &ended);
  const auto milliseconds =
      (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1'000'000;
  EXPECT_GE(milliseconds, 50) << "the last fifty, a millisecond each";
  EXPECT_EQ(ledger_->refused_calls, 0U);
}

TEST_F(Supervised, ALineWithoutAListenerEndsTheSupervisor) {
  line_.reset();
  int status = 0;
  ASSERT_EQ(::waitpid(supervisor_, &status, 0), supervisor_);
  supervisor_ = -1;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
}

}  // namespace
}  // namespace cellblock::sandbox
