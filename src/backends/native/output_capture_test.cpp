#include "backends/native/output_capture.hpp"

#include <gtest/gtest.h>

namespace cellblock::backends::native {
namespace {

TEST(OutputCapture, KeepsUpToItsLimitAndCountsTheRest) {
  OutputCapture at_limit(5);
  at_limit.add("abc");
  at_limit.add("de");
  EXPECT_FALSE(at_limit.truncated());
  EXPECT_EQ(at_limit.take_text(), "abcde");
  OutputCapture above(5);
  above.add("abc");
  above.add("def");
  EXPECT_TRUE(above.truncated());
  EXPECT_EQ(above.total(), 6U);
  EXPECT_EQ(above.take_text(), "abcde");
}

TEST(OutputCapture, ItsOwnCutNeverLeavesHalfACharacter) {
  OutputCapture capture(4);
  capture.add("ab\xE2\x82\xAC");
  EXPECT_TRUE(capture.truncated());
  EXPECT_EQ(capture.take_text(), "ab");
}

TEST(OutputCapture, AScriptsOwnHalfCharacterIsReplaced) {
  OutputCapture capture(10);
  capture.add("ab\xE2\x82");
  EXPECT_EQ(capture.take_text(), "ab\xEF\xBF\xBD");
}

}  // namespace
}  // namespace cellblock::backends::native
