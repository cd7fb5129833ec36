#include "nsjail/kafel_condition.hpp"

#include <gmock/gmock.h>

#include "nsjail/kafel_names.hpp"
#include "nsjail/kafel_tokens.hpp"

namespace cellblock::nsjail {
namespace {

using ::testing::HasSubstr;

// Of calls whose first argument is 1, and of which nothing else is known.
const std::vector<std::vector<sandbox::ArgumentTest>> kFirstIsOne = {{{.index = 0, .value = 1}}};

std::optional<unsigned> argument(std::string_view name) {
  return name == "first"    ? std::optional<unsigned>(0)
         : name == "second" ? std::optional<unsigned>(1)
                            : std::nullopt;
}

std::string read(const std::string& text, KafelCondition& condition) {
  KafelTokens tokens(text);
  return read_condition(tokens, argument, condition).value_or("");
}

Holds holds_of(const std::string& text) {
  KafelCondition condition;
  EXPECT_EQ(read(text + " }", condition), "") << text;
  return holds(condition, kFirstIsOne);
}

TEST(KafelCondition, NeverHoldsWhereItContradictsTheOwnPolicy) {
  for (const char* text : {"first == 16", "first == AF_NETLINK", "first != 1", "16 == first", "first & 2",
                           "(first & 2) == 2", "(first & CLONE_NEWUSER) != 0", "first == 2 || first == 3",
                           "first == 2, first == 3", "first == 1 && first == 2", "second == 5 && first == 2",
                           "!(first == 1)", "!(first == 1 || second == 2)",
                           "!(first == 1) && unheard_of == 4", "((first) == ((2)))", "first & 1 == 0"}) {
    EXPECT_EQ(holds_of(text), Holds::kNever) << text;
  }
}

TEST(KafelCondition, AlwaysHoldsWhereTheOwnPolicySaysTheSame) {
  for (const char* text : {"first == 1", "first == AF_UNIX", "first", "first != 2", "first & 1",
                           "(first & 3) == 1", "first == 2 || first == 1", "!(first == 2)",
                           "first == 1 && !(first == 3)", "first == 1, second == 7"}) {
    EXPECT_EQ(holds_of(text), Holds::kAlways) << text;
  }
}

TEST(KafelCondition, MayHoldWhereNobodyCanSay) {
  for (const char* text : {"second == 1", "unheard_of == 1", "first == 1 && second == 2", "first < 2",
                           "first >= 1", "first == second", "first == 0x100000001", "(first | second) == 1",
                           "!(first == 1 && second == 1)", "1 == 2"}) {
    EXPECT_EQ(holds_of(text), Holds::kMaybe) << text;
  }
  std::string many = "second == 0";
  for (int number = 1; number < 100; ++number) many += " || second == " + std::to_string(number);
  EXPECT_EQ(holds_of(many), Holds::kMaybe);
}

TEST(KafelCondition, TellsWhatItCantRead) {
  KafelCondition condition;
  EXPECT_THAT(read("first == NEVER_HEARD_OF }", condition),
              HasSubstr("'NEVER_HEARD_OF' is not known: #define it"));
  EXPECT_THAT(read(" }", condition), HasSubstr("a condition expected"));
  EXPECT_THAT(read("first == }", condition), HasSubstr("expected instead of '}'"));
  EXPECT_THAT(read("(first == 1 }", condition), HasSubstr("')' expected"));
  EXPECT_THAT(read("first == 1", condition), HasSubstr("'}' expected"));
  EXPECT_THAT(read("first == 1 first == 2 }", condition), HasSubstr("'}' expected"));
  EXPECT_THAT(read(std::string(1000, '(') + "first", condition), HasSubstr("parentheses"));
  EXPECT_THAT(read(std::string(1000, '!') + "first", condition), HasSubstr("parentheses"));
}

TEST(KafelCondition, KnowsConstantsOfThePolicyItself) {
  const KafelTokens tokens("#define ONE 0x1\n#define BOTH (ONE | 2) // of them\n#define ROUND ROUND\n");
  EXPECT_EQ(tokens.value_of("BOTH"), 3U);
  EXPECT_EQ(tokens.value_of("010"), 8U);
  EXPECT_EQ(tokens.value_of("-1"), ~0ULL);
  EXPECT_FALSE(tokens.value_of("ROUND"));
  EXPECT_FALSE(tokens.value_of("0x"));
}

}  // namespace
}  // namespace cellblock::nsjail
