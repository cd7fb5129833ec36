#include "sandbox/seccomp_policy.hpp"

#include <gtest/gtest.h>

namespace cellblock::sandbox {
namespace {

TEST(SeccompPolicy, TheBuiltInOneParsesAndCompiles) {
  const auto rules = parse_seccomp_policy(builtin_seccomp_policy());
  ASSERT_TRUE(rules.has_value()) << rules.error().message();
  EXPECT_GT(rules->size(), 150U);
  const auto program = compile_seccomp(*rules);
  ASSERT_TRUE(program.has_value()) << program.error().message();
  EXPECT_GT(program->size(), 50U);
  EXPECT_LT(program->size(), 4096U) << "the kernel's limit for one filter";
}

TEST(SeccompPolicy, ReadsConditionsAndErrors) {
  const auto rules =
      parse_seccomp_policy("allow clone arg0 & 0x10 == 0 and arg1 == 0o17 # why\n\nerrno clone3 ENOSYS\n");
  ASSERT_TRUE(rules.has_value()) << rules.error().message();
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ((*rules)[0], (SyscallRule{"clone", 0, {{0, 0x10, 0}, {1, ~std::uint64_t{0}, 15}}, 1}));
  EXPECT_EQ((*rules)[1], (SyscallRule{"clone3", ENOSYS, {}, 3}));
}

class FaultyPolicy : public testing::TestWithParam<const char*> {};

TEST_P(FaultyPolicy, IsRefusedWithItsLineNumber) {
  const auto rules = parse_seccomp_policy(std::string("allow read\n") + GetParam());
  ASSERT_FALSE(rules.has_value());
  EXPECT_NE(rules.error().message().find("line 2"), std::string::npos) << rules.error().message();
}

INSTANTIATE_TEST_SUITE_P(Lines, FaultyPolicy,
                         testing::Values("permit read", "allow", "errno read", "errno read EWHAT",
                                         "allow read arg6 == 1", "allow read arg0 = 1",
                                         "allow read arg0 ==", "allow read arg0 == x",
                                         "allow read arg0 == 1 or arg1 == 2", "allow read arg0 == 1 and"));

TEST(SeccompPolicy, AnUnknownSystemCallIsRefusedWhenCompiling) {
  const auto rules = parse_seccomp_policy("allow raed\n");
  ASSERT_TRUE(rules.has_value());
  const auto program = compile_seccomp(*rules);
  ASSERT_FALSE(program.has_value());
  EXPECT_NE(program.error().message().find("raed"), std::string::npos);
}

}  // namespace
}  // namespace cellblock::sandbox
