#include "protocol/json_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace cellblock::protocol {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kDepth = 8;

struct GoodText {
  const char* name;
  std::string_view text;
};

class ValidJson : public ::testing::TestWithParam<GoodText> {};

TEST_P(ValidJson, IsAccepted) {
  const auto checked = check_json(GetParam().text, kDepth);
  EXPECT_TRUE(checked) << checked.error();
}

INSTANTIATE_TEST_SUITE_P(
    Texts, ValidJson,
    ::testing::Values(GoodText{"null", "null"}, GoodText{"true", "true"}, GoodText{"false", " false\n"},
                      GoodText{"zero", "0"}, GoodText{"minus_zero", "-0"},
                      GoodText{"minus_zero_point", "-0.0"},
                      GoodText{"integer_beyond_64_bits", "123456789012345678901234567890"},
                      GoodText{"nested_integer_beyond_64_bits", "[-123456789012345678901234567890]"},
                      GoodText{"exponent_beyond_double", "[1e999, 1E+5, 1.5e-7]"},
                      GoodText{"empty_string", "\"\""},
                      GoodText{"string_with_escapes", R"("\"\\\/\b\f\n\r\t\u0041")"},
                      GoodText{"surrogate_pair", R"(["\ud83d\ude00", "\uD83D\uDE00"])"},
                      GoodText{"utf8", "{\"gr\xc3\xbc\xc3\x9f\": \"\xf0\x9f\x98\x80\"}"},
                      GoodText{"empty_array", " [ ] "}, GoodText{"empty_object", "{}"},
                      GoodText{"array_of_kinds", R"([1, "a", null, true, false, [], {}, -1.5])"},
                      GoodText{"object_of_kinds", R"({"a": 1, "b": {"c": [1, 2, {"d": null}]}, "": ""})"},
                      GoodText{"deepest_allowed", "[[[[[[[[1]]]]]]]]"},
                      GoodText{"escaped_nul", R"("\u0000")"}, GoodText{"duplicate_keys", R"({"a":1,"a":2})"}),
    [](const auto& row) { return row.param.name; });

struct BadText {
  const char* name;
  std::string_view text;
  std::string_view reason;
};

class InvalidJson : public ::testing::TestWithParam<BadText> {};

TEST_P(InvalidJson, IsRefusedWithReason) {
  const auto checked = check_json(GetParam().text, kDepth);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error(), HasSubstr(std::string(GetParam().reason)));
}

using namespace std::string_view_literals;

INSTANTIATE_TEST_SUITE_P(
    Texts, InvalidJson,
    ::testing::Values(
        BadText{"empty", "", "empty"}, BadText{"only_space", "  \n", ""}, BadText{"word", "nul", "byte 0"},
        BadText{"word_too_long", "nullx", "byte 0"}, BadText{"capital", "[True]", "byte 1"},
        BadText{"nan", "[NaN]", "byte 1"}, BadText{"infinity", "[-Infinity]", "byte 1"},
        BadText{"lone_minus", "-", "byte 0"}, BadText{"leading_zero", "01", "byte 0"},
        BadText{"nested_leading_zero", "[1, -01]", "byte 4"}, BadText{"plus", "[+1]", "byte 1"},
        BadText{"no_fraction", "[1.]", "byte 1"}, BadText{"no_integer", "[.5]", "byte 1"},
        BadText{"no_exponent", "[1e]", "byte 1"}, BadText{"hex", "[0x10]", "byte 1"},
        BadText{"big_with_tail", "[123456789012345678901234567890x]", "byte 1"},
        BadText{"two_values", "1 2", "byte 2"}, BadText{"trailing_comma_text", "{},", ""},
        BadText{"trailing_value", "{} {}", "follows"}, BadText{"trailing_bracket", "[1]]", "follows"},
        BadText{"trailing_word", "\"a\"b", ""}, BadText{"nul_after_value", "[1]\0"sv, ""},
        BadText{"string_then_word", "[\"a\"b]", ""}, BadText{"word_then_string", "[1\"a\"]", ""},
        BadText{"unclosed_array", "[1, 2", ""}, BadText{"unclosed_inner", "[[1]", ""},
        BadText{"unclosed_object", "{\"a\": 1", ""}, BadText{"unclosed_inner_object", "{\"a\": {}", ""},
        BadText{"array_closed_as_object", "[1}", ""}, BadText{"inner_closed_wrong", "[{\"a\":1]]", ""},
        BadText{"trailing_comma", "[1,]", ""}, BadText{"leading_comma", "[,1]", ""},
        BadText{"double_comma", "[1,,2]", ""}, BadText{"missing_comma", "[1 2]", ""},
        BadText{"missing_comma_strings", R"(["a" "b"])", ""},
        BadText{"object_trailing_comma", "{\"a\":1,}", ""}, BadText{"colon_in_array", R"(["a":1])", ""},
        BadText{"colon_in_number_array", "[1:2]", ""}, BadText{"missing_colon", R"({"a" 1})", ""},
        BadText{"missing_value", R"({"a":})", ""}, BadText{"key_not_string", "{1: 2}", ""},
        BadText{"bare_key", "{a: 2}", ""}, BadText{"single_quotes", "['a']", ""},
        BadText{"comment", "[1] // x", ""}, BadText{"unclosed_string", "\"abc", "not closed"},
        BadText{"unclosed_escape", "\"abc\\\"", "not closed"},
        BadText{"raw_newline", "[\"a\nb\"]", "control character"},
        BadText{"raw_nul", "[\"a\0b\"]"sv, "control character"},
        BadText{"unknown_escape", R"(["\x41"])", "unknown escape at byte 2"},
        BadText{"short_unicode_escape", R"(["\u12"])", "malformed"},
        BadText{"signed_unicode_escape", R"(["\u+123"])", "malformed"},
        BadText{"lone_high_surrogate", R"(["\uD800"])", "lone surrogate \\ud800 at byte 2"},
        BadText{"lone_high_then_text", R"("\ud800abcdef")", "lone surrogate"},
        BadText{"high_then_bmp", R"("\ud800\u0041")", "lone surrogate"},
        BadText{"high_then_high", R"("\ud800\ud800\udc00")", "lone surrogate"},
        BadText{"lone_low_surrogate", R"({"a": "\udc00"})", "lone surrogate"},
        BadText{"surrogate_in_key", R"({"\udc00": 1})", "lone surrogate"},
        BadText{"bad_utf8", "[\"\xff\"]", "UTF-8"}, BadText{"overlong_utf8", "\"\xc0\x80\"", "UTF-8"},
        BadText{"surrogate_as_utf8", "\"\xed\xa0\x80\"", "UTF-8"},
        BadText{"truncated_utf8", "\"\xf0\x9f\x98\"", "UTF-8"},
        BadText{"too_deep_array", "[[[[[[[[[1]]]]]]]]]", "deeper than 8 levels at byte 8"},
        BadText{"too_deep_object", R"([[[[[[[[{"a":1}]]]]]]]])", "deeper than 8 levels"},
        BadText{"byte_order_mark", "\xef\xbb\xbf{}", ""}, BadText{"close_only", "]", ""},
        BadText{"colon_only", ":", ""}),
    [](const auto& row) { return row.param.name; });

TEST(CheckJson, RefusesHostileDepthWithoutRecursingIntoIt) {
  const std::string text(1'000'000, '[');
  EXPECT_FALSE(check_json(text, 200));
  EXPECT_FALSE(check_json(text + std::string(1'000'000, ']'), 200));
}

TEST(CheckJson, AcceptsEveryPrefixLengthOnlyWhenComplete) {
  const std::string text = R"({"a":[1,{"b":"\ud83d\ude00"},null,-1.5e3],"c":{"d":[[],{}]}})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(check_json(text.substr(0, length), 200)) << text.substr(0, length);
  }
  EXPECT_TRUE(check_json(text, 200));
}

TEST(CheckJson, TakesOnlyNumbersThatPythonTakesWhereAsked) {
  const auto checked = [](const std::string& text) {
    return check_json(text, kDepth, Numbers::kThatPythonTakes);
  };
  for (const std::string& good : {std::string("[1e308, -1.5E-999, 0.1]"), std::string(4300, '1'),
                                  "-" + std::string(4300, '1'), "0." + std::string(5000, '1')}) {
    EXPECT_TRUE(checked(good)) << good;
  }
  EXPECT_EQ(checked("[1, 1e309]").error(), "the number 1e309 is too large for a float at byte 4");
  EXPECT_EQ(checked("[-1.0e999]").error(), "the number -1.0e999 is too large for a float at byte 1");
  EXPECT_FALSE(checked(std::string(400, '1') + ".5"));
  EXPECT_EQ(checked("[" + std::string(4301, '1') + "]").error(),
            "an integer has 4301 digits, of which Python takes at most 4300 at byte 1");
}

TEST(CheckJson, NamesTheWordsOfOtherLanguages) {
  EXPECT_EQ(check_json("[1, NaN]", kDepth).error(), "'NaN' is no JSON value but null may do, at byte 4");
  EXPECT_THAT(check_json("{\"a\": None}", kDepth).error(), HasSubstr("'None' is no JSON value"));
}

TEST(CheckJson, TakesTextThatIsPartOfALargerBuffer) {
  const std::string_view buffer = "[1,2]]]]]]]";
  EXPECT_TRUE(check_json(buffer.substr(0, 5), kDepth));
}

}  // namespace
}  // namespace cellblock::protocol
