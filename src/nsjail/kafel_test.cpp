#include "nsjail/kafel.hpp"

#include <gmock/gmock.h>

namespace cellblock::nsjail {
namespace {

using ::testing::HasSubstr;

std::string first_problem(const std::string& text) {
  const KafelPolicy policy = parse_kafel(text);
  return policy.problems.empty() ? ""
                                 : std::to_string(policy.problems[0].line) + ": " + policy.problems[0].text;
}

TEST(Kafel, ReadsBlocksAtTheTop) {
  const KafelPolicy policy = parse_kafel("ERRNO(1) { ptrace, mount }\nKILL { reboot }\nDEFAULT ALLOW\n");
  EXPECT_TRUE(policy.problems.empty());
  ASSERT_EQ(policy.rules.size(), 3U);
  EXPECT_EQ(policy.rules[1].call, "mount");
  EXPECT_EQ(policy.rules[2].line, 2);
  EXPECT_EQ(policy.rules[2].action, KafelAction::kRefuse);
  EXPECT_EQ(policy.otherwise, KafelAction::kAllow);
  EXPECT_EQ(policy.default_line, 3);
}

TEST(Kafel, RefusesWhereThereIsNoDefault) {
  EXPECT_EQ(parse_kafel("ALLOW { read }").otherwise, KafelAction::kRefuse);
}

TEST(Kafel, PastesPoliciesThatAreUsed) {
  const KafelPolicy policy = parse_kafel(
      "#define SEVEN 7\n"
      "POLICY a { ALLOW { read, write }, ERRNO(SEVEN) { mkdir } }\n"
      "POLICY b { USE a, DENY { rmdir } }\n"
      "/* which\n one */ USE b DEFAULT KILL // that\n");
  EXPECT_EQ(first_problem("POLICY a { ALLOW { read } } USE b"), "1: no policy 'b' stands above");
  ASSERT_EQ(policy.rules.size(), 4U);
  EXPECT_EQ(policy.rules[3].call, "rmdir");
}

TEST(Kafel, ReadsConditionsAndNamesOfArguments) {
  const KafelPolicy policy =
      parse_kafel("ALLOW { write(fd, buf) { fd == 1 && (buf != 0) }, read { fd == 0, fd == 3 }, close }");
  ASSERT_EQ(policy.rules.size(), 3U);
  EXPECT_TRUE(policy.rules[0].condition);
  EXPECT_TRUE(policy.rules[1].condition);
  EXPECT_FALSE(policy.rules[2].condition);
  ASSERT_EQ(policy.rules[0].condition->cases.size(), 1U);
  EXPECT_EQ(policy.rules[0].condition->cases[0][1].argument, 1U);
  EXPECT_EQ(policy.rules[1].condition->cases.size(), 2U);
}

TEST(Kafel, ReadsCallsByNumberAndByADefinedName) {
  const KafelPolicy policy = parse_kafel(
      "#define MINE 83\n#define look stat\nKILL { SYSCALL[0x10], SYSCALL[MINE], MINE, look } DEFAULT ALLOW");
  EXPECT_TRUE(policy.problems.empty());
  ASSERT_EQ(policy.rules.size(), 4U);
  EXPECT_EQ(policy.rules[0].number, 16);
  EXPECT_EQ(policy.rules[1].number, 83);
  EXPECT_EQ(policy.rules[2].number, 83);
  EXPECT_EQ(policy.rules[3].call, "stat");
}

TEST(Kafel, LeavesOutWhatIsForOtherMachines) {
  const KafelPolicy policy = parse_kafel("ALLOW { read ON x86_64, open ON arm, close ON { arm, x86_64 } }");
  ASSERT_EQ(policy.rules.size(), 2U);
  EXPECT_EQ(policy.rules[1].call, "close");
}

TEST(Kafel, TellsTheLineOfWhatItCantRead) {
  EXPECT_THAT(first_problem("ALLOW {\n read\n"), HasSubstr("3: "));
  EXPECT_THAT(first_problem("PERMIT { read }"), HasSubstr("1: an action such as ALLOW expected"));
  EXPECT_THAT(first_problem("ALLOW {\n SYSCALL[read] }"), HasSubstr("2: the number of a system call"));
  EXPECT_THAT(first_problem("#include \"a\"\nALLOW { read }"), HasSubstr("1: only #define"));
  EXPECT_THAT(first_problem("DEFAULT KILL\nDEFAULT ALLOW"), HasSubstr("a second DEFAULT"));
  EXPECT_THAT(first_problem("ALLOW { , ) }"), HasSubstr("name of a system call"));
  EXPECT_THAT(first_problem("POLICY a ALLOW"), HasSubstr("'{' expected"));
}

TEST(Kafel, BoundsWhatPoliciesPaste) {
  std::string text = "POLICY p0 { ALLOW { read, write } }\n";
  for (int index = 1; index < 40; ++index) {
    const std::string use = "USE p" + std::to_string(index - 1);
    text.append("POLICY p").append(std::to_string(index)).append(" { ");
    text.append(use).append(", ").append(use).append(" }\n");
  }
  EXPECT_THAT(first_problem(text), HasSubstr("too many rules"));
}

}  // namespace
}  // namespace cellblock::nsjail
