#include "sandbox/seccomp_policy.hpp"

#include <gtest/gtest.h>

#include <set>

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

TEST(SeccompPolicy, ReadsWhatARefusalIsReportedAs) {
  const auto policy = read_seccomp_policy(
      "rule default not in the list\n"
      "rule network  no network   here # why\n"
      "errno socket EPERM arg0 == 2 because network as socket(AF_INET)\n"
      "errno socket EPERM because network\n"
      "errno clone3 ENOSYS quiet\n");
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  EXPECT_EQ(policy->sentences.at("default"), "not in the list");
  EXPECT_EQ(policy->sentences.at("network"), "no network here");
  ASSERT_EQ(policy->rules.size(), 3U);
  EXPECT_EQ(policy->rules[0].because, "network");
  EXPECT_EQ(policy->rules[0].what, "socket(AF_INET)");
  EXPECT_EQ(policy->rules[1].because, "network");
  EXPECT_EQ(policy->rules[1].what, "");
  EXPECT_TRUE(policy->rules[2].quiet);
}

TEST(SeccompPolicy, TheBuiltInOneHasASentenceForEachRuleAndForTheRest) {
  const auto policy = read_seccomp_policy(builtin_seccomp_policy());
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  std::set<std::string> used{"default"};
  for (const SyscallRule& rule : policy->rules) {
    if (!rule.because.empty()) used.insert(rule.because);
  }
  for (const auto& [name, sentence] : policy->sentences) {
    EXPECT_TRUE(used.contains(name)) << name << " is told of nothing";
    EXPECT_GT(sentence.size(), 12U) << name;
  }
}

class FaultyPolicy : public testing::TestWithParam<const char*> {};

TEST_P(FaultyPolicy, IsRefusedWithItsLineNumber) {
  const auto rules = parse_seccomp_policy(std::string("allow read\n") + GetParam());
  ASSERT_FALSE(rules.has_value());
  EXPECT_NE(rules.error().message().find("line 2"), std::string::npos) << rules.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Lines, FaultyPolicy,
    testing::Values("permit read", "allow", "errno read", "errno read EWHAT", "allow read arg6 == 1",
                    "allow read arg0 = 1", "allow read arg0 ==", "allow read arg0 == x",
                    "allow read arg0 == 1 or arg1 == 2", "allow read arg0 == 1 and", "allow read quiet",
                    "allow read because default", "errno read EPERM because",
                    "errno read EPERM because unknown", "errno read EPERM because default as",
                    "errno read EPERM because default as a b", "errno read EPERM quiet because default",
                    "errno read EPERM arg0 == 1 and quiet", "rule", "rule network"));

TEST(SeccompPolicy, AnUnknownSystemCallIsRefusedWhenCompiling) {
  const auto rules = parse_seccomp_policy("allow raed\n");
  ASSERT_TRUE(rules.has_value());
  const auto program = compile_seccomp(*rules);
  ASSERT_FALSE(program.has_value());
  EXPECT_NE(program.error().message().find("raed"), std::string::npos);
}

TEST(SeccompPolicy, WhatNeedsAWallIsAllowedWhereThatStands) {
  const auto rules = parse_seccomp_policy(
                         "allow read\nallow socket arg0 == 1 needs namespaces\n"
                         "allow memfd_create needs cgroup\n")
                         .value();
  const auto names = [&](const Walls& walls) {
    std::string all;
    for (const SyscallRule& rule : rules_with(walls, rules)) all += rule.name + " ";
    return all;
  };
  Walls walls;
  EXPECT_EQ(names(walls), "read socket memfd_create ");
  walls.cgroups = false;
  EXPECT_EQ(names(walls), "read socket ");
  walls.namespaces = false;
  EXPECT_EQ(names(walls), "read ");
  for (const char* faulty : {"allow read needs", "allow read needs luck", "errno read EPERM needs cgroup",
                             "errno read EPERM counted"}) {
    EXPECT_FALSE(parse_seccomp_policy(faulty)) << faulty;
  }
}

TEST(SeccompPolicy, CallsCanBeTakenAwayAndRefusalsStay) {
  const auto rules =
      parse_seccomp_policy("allow mkdir\nallow mkdir arg0 == 1\nerrno mkdir EPERM\nallow read\n").value();
  const auto left = without_calls(rules, {"mkdir", "write"});
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].error, EPERM);
  EXPECT_EQ(left[1].name, "read");
}

}  // namespace
}  // namespace cellblock::sandbox
