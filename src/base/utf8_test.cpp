#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace cellblock::base {
namespace {

TEST(ToValidUtf8, LeavesValidTextAlone) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n";
  EXPECT_EQ(to_valid_utf8(text), text);
}

struct Case {
  const char* name;
  std::string bytes;
  std::string text;
};

class IllFormed : public testing::TestWithParam<Case> {};

TEST_P(IllFormed, BecomesReplacementCharacters) {
  EXPECT_EQ(to_valid_utf8(GetParam().bytes), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Sequences, IllFormed,
    testing::Values(Case{"LoneFollower", "\x80", "\uFFFD"}, Case{"NoLead", "\xFF", "\uFFFD"},
                    Case{"Overlong", "\xC0\xAF", "\uFFFD\uFFFD"},
                    Case{"Surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
                    Case{"BeyondUnicode", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
                    Case{"CutShort", "\xE2\x82", "\uFFFD"}, Case{"CutThenAscii", "\xF0\x9F\x98z", "\uFFFDz"}),
    [](const auto& sequence) { return sequence.param.name; });

TEST(WholeCharacters, CutsOnlyAnUnfinishedOne) {
  EXPECT_EQ(whole_characters("ab"), 2U);
  EXPECT_EQ(whole_characters("a\xE2\x82"), 1U);
  EXPECT_EQ(whole_characters("a\xE2\x82\xAC"), 4U);
  EXPECT_EQ(whole_characters("a\xF0"), 1U);
  EXPECT_EQ(whole_characters("\x80\x80\x80\x80"), 4U);
  EXPECT_EQ(whole_characters(""), 0U);
}

}  // namespace
}  // namespace cellblock::base
