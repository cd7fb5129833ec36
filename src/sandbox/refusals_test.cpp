#include "sandbox/refusals.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <set>

#include "sandbox/bpf_for_test.hpp"
#include "sandbox/refusal_names.hpp"

namespace cellblock::sandbox {
namespace {

using for_test::Arguments;

std::vector<SyscallRule> builtin_rules() {
  return parse_seccomp_policy(builtin_seccomp_policy()).value();
}

// Each rule's own arguments, and each of those with one bit turned; what is not tested is all ones or zero.
std::vector<Arguments> arguments_around(const SyscallRule& rule) {
  std::vector<Arguments> all = {Arguments{}};
  all.emplace_back().fill(~std::uint64_t{0});
  for (const std::uint64_t rest : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    Arguments exact{};
    for (const ArgumentTest& test : rule.tests) exact[test.index] = test.value | (rest & ~test.mask);
    all.push_back(exact);
    for (const ArgumentTest& test : rule.tests) {
      for (unsigned bit = 0; bit < 64; ++bit) {
        Arguments turned = exact;
        turned[test.index] ^= std::uint64_t{1} << bit;
        all.push_back(turned);
      }
    }
  }
  return all;
}

class CompiledBothWays : public testing::TestWithParam<Refusing> {
 protected:
  CompiledBothWays()
      : program_(compile_seccomp(builtin_rules(), GetParam()).value()),
        refusals_(number_rules(builtin_rules()).value()) {}

  // What the filter does must be what the supervisor's look-up says of the call.
  void expect_agreement(int number, const Arguments& arguments) {
    const Verdict verdict = refusals_.judge(number, arguments);
    const bool notified = GetParam() == Refusing::kByNotice && verdict.kind == Verdict::Kind::kReported;
    std::uint32_t expected = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(verdict.error);
    if (notified) expected = SECCOMP_RET_USER_NOTIF;
    if (verdict.kind == Verdict::Kind::kAllowed) expected = SECCOMP_RET_ALLOW;
    if (verdict.kind == Verdict::Kind::kCounted) {
      expected = GetParam() == Refusing::kByNotice ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
    }
    const std::uint32_t action = for_test::run_filter(
        program_, for_test::system_call(AUDIT_ARCH_X86_64, static_cast<std::uint32_t>(number), arguments));
    ASSERT_EQ(action, expected) << "system call " << number << ", first arguments " << arguments[0] << ", "
                                << arguments[1] << ", " << arguments[2];
  }

  BpfProgram program_;
  Refusals refusals_;
};

TEST_P(CompiledBothWays, TheFilterAndTheLookUpAgreeOnEveryNumber) {
  for (int number = 0; number <= static_cast<int>(kNewestCall); ++number) {
    ASSERT_NO_FATAL_FAILURE(expect_agreement(number, Arguments{}));
  }
}

TEST_P(CompiledBothWays, NewerCallsAreNeverAsked) {
  for (const std::uint32_t number : {kNewestCall + 1, 1023U, 0xffff'ffffU}) {
    EXPECT_EQ(for_test::run_filter(program_, for_test::system_call(AUDIT_ARCH_X86_64, number)),
              SECCOMP_RET_ERRNO | ENOSYS)
        << number;
  }
}

TEST_P(CompiledBothWays, TheFilterAndTheLookUpAgreeAtTheEdgesOfEveryRule) {
  for (const SyscallRule& rule : builtin_rules()) {
    const int number = syscall_number(rule).value();
    for (const Arguments& arguments : arguments_around(rule)) {
      ASSERT_NO_FATAL_FAILURE(expect_agreement(number, arguments)) << "line " << rule.line;
    }
  }
}

TEST_P(CompiledBothWays, OtherArchitecturesAreNeverAsked) {
  const auto foreign = [&](std::uint32_t architecture, std::uint32_t number) {
    return for_test::run_filter(program_, for_test::system_call(architecture, number));
  };
  constexpr std::uint32_t kNoSuchCall = SECCOMP_RET_ERRNO | ENOSYS;
  EXPECT_EQ(foreign(AUDIT_ARCH_I386, 26), kNoSuchCall);
  EXPECT_EQ(foreign(AUDIT_ARCH_X86_64, 0x4000'0000U + SYS_ptrace), kNoSuchCall);
}

INSTANTIATE_TEST_SUITE_P(Ways, CompiledBothWays, testing::Values(Refusing::kByErrno, Refusing::kByNotice),
                         [](const auto& way) {
                           return way.param == Refusing::kByErrno ? "ByErrno" : "ByNotice";
                         });

RefusalName name_of(int number, const Arguments& arguments = {}) {
  const Refusals refusals = number_rules(builtin_rules()).value();
  const Verdict verdict = refusals.judge(number, arguments);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kReported) << number;
  return builtin_refusal_names().of(verdict.counter);
}

TEST(RefusalNames, AreThoseOfTheLineThatRefuses) {
  EXPECT_EQ(name_of(SYS_ptrace).what, "ptrace");
  EXPECT_EQ(name_of(SYS_ptrace).rule, "tracing");
  EXPECT_EQ(name_of(SYS_socket, {AF_INET}).what, "socket(AF_INET)");
  EXPECT_EQ(name_of(SYS_socket, {AF_INET}).rule, "network");
  EXPECT_EQ(name_of(SYS_socket, {AF_X25}).what, "socket");
  EXPECT_EQ(name_of(SYS_clone, {0x1000'0000}).rule, "namespaces");
}

TEST(RefusalNames, OfCallsInNoLineAreTheirNamesAndTheRuleDefault) {
  EXPECT_EQ(name_of(SYS_vmsplice).what, "vmsplice");
  EXPECT_EQ(name_of(SYS_vmsplice).rule, "default");
  EXPECT_EQ(name_of(511).what, "system call 511");
  EXPECT_EQ(name_of(512).what, "other system calls");
  EXPECT_EQ(name_of(-1), name_of(100'000));
  EXPECT_FALSE(name_of(511).sentence.empty());
}

TEST(NumberRules, RefusesMoreLinesThanThereAreCounters) {
  std::vector<SyscallRule> rules(kLineKinds, SyscallRule{"ptrace", EPERM, {}, 1});
  EXPECT_TRUE(number_rules(rules).has_value());
  rules.push_back(rules.front());
  EXPECT_FALSE(number_rules(rules).has_value());
  rules.back().quiet = true;
  EXPECT_TRUE(number_rules(rules).has_value()) << "what is not reported is not counted";
}

}  // namespace
}  // namespace cellblock::sandbox
