// The built-in policy's answer at the edges of every condition on an argument.
#include <asm/ioctls.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <vector>

#include "sandbox/expected_calls_for_test.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::sandbox {
namespace {

using for_test::Arguments;

constexpr std::array<std::uint64_t, 8> kRefusedFlags = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                                        CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
                                                        CLONE_NEWNET, CLONE_PARENT};
constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};

using Values = std::vector<std::uint64_t>;

// Numbers that a condition somewhere is about, or that are dangerous where another is allowed.
constexpr std::array<std::uint64_t, 22> kSpecial = {TIOCSTI,         TIOCSETD,
                                                    TIOCSCTTY,       TIOCLINUX,
                                                    FICLONE,         FICLONERANGE,
                                                    FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR,
                                                    F_SETLEASE,      F_NOTIFY,
                                                    F_SETSIG,        PR_SET_PTRACER,
                                                    PR_SET_VMA,      PR_SET_VMA + 1,
                                                    0xffff'ffff,     0xffff'fffe,
                                                    0x1'0000'0000,   0x7fff'ffff,
                                                    0x8000'0000,     kAllOnes,
                                                    kAllOnes - 1,    0x8000'0000'0000'0000};

// Every small number, the special ones, and each of those with any single bit turned.
std::vector<std::uint64_t> edge_values() {
  std::vector<std::uint64_t> values(kSpecial.begin(), kSpecial.end());
  for (std::uint64_t small = 0; small < 100; ++small) values.push_back(small);
  // The commands of fcntl that are Linux's own, and the requests to terminals and files.
  for (std::uint64_t command = 1020; command < 1050; ++command) values.push_back(command);
  for (std::uint64_t request = 0x5400; request < 0x5460; ++request) values.push_back(request);
  const std::size_t plain = values.size();
  for (std::size_t at = 0; at < plain; ++at) {
    for (unsigned bit = 0; bit < 64; ++bit) values.push_back(values[at] ^ (std::uint64_t{1} << bit));
  }
  return values;
}

class SeccompArguments : public testing::Test {
 protected:
  void SetUp() override {
    const auto rules = parse_seccomp_policy(builtin_seccomp_policy());
    ASSERT_TRUE(rules.has_value()) << rules.error().message();
    rules_ = *rules;
    load(rules_);
  }

  void load(const std::vector<SyscallRule>& rules) {
    auto program = compile_seccomp(rules);
    ASSERT_TRUE(program.has_value()) << program.error().message();
    program_ = std::move(*program);
  }

  [[nodiscard]] std::uint32_t action(std::string_view name, const Arguments& arguments) const {
    const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, std::string(name).c_str());
    return for_test::run_filter(
        program_, for_test::system_call(AUDIT_ARCH_X86_64, static_cast<std::uint32_t>(number), arguments));
  }

  std::vector<SyscallRule> rules_;
  BpfProgram program_;
};

TEST_F(SeccompArguments, AtTheEdgesAreAnsweredAsTheTableSays) {
  const std::vector<std::uint64_t> values = edge_values();
  for (const auto& [name, call] : for_test::conditional_calls()) {
    for (const std::uint64_t others : {std::uint64_t{0}, std::uint64_t{1}, kAllOnes}) {
      for (unsigned index = 0; index < 6; ++index) {
        Arguments arguments;
        arguments.fill(others);
        for (const std::uint64_t value : values) {
          arguments[index] = value;
          ASSERT_PRED2(for_test::is_expected, action(name, arguments), call.answer(arguments))
              << name << " with " << testing::PrintToString(arguments);
        }
      }
    }
  }
}

TEST_F(SeccompArguments, OfSocketOptionsAreAnsweredInPairs) {
  for (const char* name : {"setsockopt", "getsockopt"}) {
    const auto& call = for_test::conditional_calls().at(name);
    for (std::uint64_t level = 0; level < 300; ++level) {
      for (std::uint64_t option = 0; option < 100; ++option) {
        const Arguments arguments = {3, level, option, 0x7fff'0000, 4, 0};
        ASSERT_PRED2(for_test::is_expected, action(name, arguments), call.answer(arguments))
            << name << " " << level << " " << option;
      }
    }
  }
}

TEST_F(SeccompArguments, OfCloneRefuseEachNamespaceInAnyCompany) {
  constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                    CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  constexpr std::uint64_t kFork = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
  constexpr std::uint64_t kSpawn = CLONE_VM | CLONE_VFORK | SIGCHLD;
  for (const std::uint64_t honest : {kThread, kFork, kSpawn}) {
    EXPECT_PRED2(for_test::is_expected, action("clone", {honest}), "allow");
    // Only the lower half counts in the kernel.
    EXPECT_PRED2(for_test::is_expected, action("clone", {honest | 0xffff'ffff'0000'0000}), "allow");
    for (const std::uint64_t flag : kRefusedFlags) {
      EXPECT_PRED2(for_test::is_expected, action("clone", {honest | flag}), "EPERM") << std::hex << flag;
      EXPECT_PRED2(for_test::is_expected, action("clone", {honest | flag | 0xffff'ffff'0000'0000}), "EPERM")
          << std::hex << flag;
    }
  }
  for (unsigned first = 0; first < 64; ++first) {
    for (unsigned second = 0; second < 64; ++second) {
      const Arguments arguments = {std::uint64_t{1} << first | std::uint64_t{1} << second};
      ASSERT_PRED2(for_test::is_expected, action("clone", arguments),
                   for_test::expected_answer("clone", arguments))
          << first << " " << second;
    }
  }
}

TEST_F(SeccompArguments, OfMknodMakeFifosWithAnyPermissionsAndNothingElse) {
  for (std::uint64_t mode = 0; mode < 0x2'0000; ++mode) {
    const std::string expected = (mode & S_IFMT) == S_IFIFO ? "allow" : "EPERM";
    ASSERT_PRED2(for_test::is_expected, action("mknod", {0, mode, 0}), expected) << std::oct << mode;
    ASSERT_PRED2(for_test::is_expected, action("mknodat", {kAllOnes, 0, mode, 0}), expected)
        << std::oct << mode;
  }
}

// Sockets of the host are in reach: what has no name can reach none.
TEST_F(SeccompArguments, OfSocketsWithoutNamespacesLeaveConnectedPairsOnly) {
  Walls walls;
  walls.namespaces = false;
  load(rules_with(walls, rules_));
  for (const std::uint64_t flags : Values{0, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC}) {
    for (const std::uint64_t kind : Values{SOCK_STREAM, SOCK_SEQPACKET}) {
      EXPECT_PRED2(for_test::is_expected, action("socketpair", {AF_UNIX, kind | flags}), "allow") << kind;
    }
    for (const std::uint64_t kind : Values{SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_DCCP}) {
      EXPECT_PRED2(for_test::is_expected, action("socketpair", {AF_UNIX, kind | flags}), "EPERM") << kind;
    }
  }
  EXPECT_PRED2(for_test::is_expected, action("socket", {AF_UNIX, SOCK_STREAM}), "EPERM");
  EXPECT_PRED2(for_test::is_expected, action("sendto", {3, 1, 1, 0, 0, 0}), "allow");
  EXPECT_PRED2(for_test::is_expected, action("sendto", {3, 1, 1, 0, 0x7fff'0000, 16}), "EPERM");
  EXPECT_PRED2(for_test::is_expected, action("sendto", {3, 1, 1, 0, 0x1'0000'0000, 16}), "EPERM");
  EXPECT_PRED2(for_test::is_expected, action("sendto", {3, 1, 1, MSG_OOB, 0, 0}), "EOPNOTSUPP");
  for (const char* call : {"bind", "connect", "listen"}) {
    EXPECT_PRED2(for_test::is_expected, action(call, {3, 0x7fff'0000, 16}), "EPERM") << call;
  }
}

// What of it is not mapped is counted by nobody else.
TEST_F(SeccompArguments, OfMmapWithoutACgroupRefuseSharedMemoryWithoutAFile) {
  Walls walls;
  walls.cgroups = false;
  load(rules_with(walls, rules_));
  const auto map = [this](std::uint64_t flags) { return action("mmap", {0, 4096, 3, flags, kAllOnes, 0}); };
  EXPECT_PRED2(for_test::is_expected, map(MAP_PRIVATE | MAP_ANONYMOUS), "allow");
  EXPECT_PRED2(for_test::is_expected, map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK), "allow");
  EXPECT_PRED2(for_test::is_expected, map(MAP_PRIVATE), "allow");
  EXPECT_PRED2(for_test::is_expected, map(MAP_SHARED), "allow");
  EXPECT_PRED2(for_test::is_expected, map(MAP_SHARED_VALIDATE), "allow");
  EXPECT_PRED2(for_test::is_expected, map(MAP_SHARED | MAP_ANONYMOUS), "EPERM");
  EXPECT_PRED2(for_test::is_expected, map(MAP_SHARED_VALIDATE | MAP_ANONYMOUS), "EPERM");
  EXPECT_PRED2(for_test::is_expected, map(MAP_SHARED | MAP_ANONYMOUS | 0x1'0000'0000), "EPERM");
  for (const std::uint64_t kind : Values{MAP_PRIVATE, MAP_SHARED}) {
    EXPECT_PRED2(for_test::is_expected, map(kind | MAP_HUGETLB), "EPERM");
    EXPECT_PRED2(for_test::is_expected, map(kind | MAP_ANONYMOUS | MAP_HUGETLB), "EPERM");
  }
}

}  // namespace
}  // namespace cellblock::sandbox
