#include "backends/native/live_text.hpp"

#include <gtest/gtest.h>

#include "backends/native/output_capture.hpp"
#include "base/utf8.hpp"

namespace cellblock::backends::native {
namespace {

TEST(LiveText, DoesNotBreakACharacter) {
  LiveText text;
  EXPECT_EQ(text.add("a\xe2"), "a");
  EXPECT_EQ(text.add("\x82"), "");
  EXPECT_EQ(text.add("\xac!"), "\xe2\x82\xac!");
  EXPECT_EQ(text.end(false), "");
}

TEST(LiveText, ReplacesAHalfCharacterAtTheEndUnlessItWasCut) {
  LiveText whole;
  EXPECT_EQ(whole.add("a\xe2\x82"), "a");
  EXPECT_EQ(whole.end(false), "\xEF\xBF\xBD");
  LiveText cut;
  EXPECT_EQ(cut.add("a\xe2\x82"), "a");
  EXPECT_EQ(cut.end(true), "");
}

// Whatever the bytes, the limit and the pieces.
TEST(LiveText, ComesToWhatTheCaptureHas) {
  const std::string bytes =
      "\xe2\x82\xac x \xff\xf0\x9f\x98\x80\xf0\x9f\xc3\xa9\xed\xa0\x80\xc3 "
      "\xf4\x90\x80\x80\xe0\x9f\xf0\x9f\x98";
  for (std::size_t limit = 0; limit <= bytes.size() + 1; ++limit) {
    for (std::size_t piece = 1; piece <= 7; ++piece) {
      OutputCapture capture(limit);
      LiveText live;
      std::string pieces;
      for (std::size_t begin = 0; begin < bytes.size(); begin += piece) {
        const std::string text = live.add(capture.add(std::string_view(bytes).substr(begin, piece)));
        EXPECT_EQ(base::to_valid_utf8(text), text);
        pieces += text;
      }
      pieces += live.end(capture.truncated());
      EXPECT_EQ(pieces, capture.take_text()) << limit << " in pieces of " << piece;
    }
  }
}

}  // namespace
}  // namespace cellblock::backends::native
