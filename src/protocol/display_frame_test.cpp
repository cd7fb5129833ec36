#include "protocol/display_frame.hpp"

#include <gtest/gtest.h>

namespace cellblock::protocol {
namespace {

const std::vector<DisplayPart> kParts = {{"text/plain", "x"},
                                         {"image/png", std::string("\0\xff", 2)},
                                         {"text/html", "ValueError", DisplayPart::State::kFailed},
                                         {"", "", DisplayPart::State::kTooMany}};

TEST(DisplayFrame, RoundTrips) {
  EXPECT_EQ(decode_display(encode_display(kParts)), kParts);
}

TEST(DisplayFrame, RefusesWhatIsCutShortEmptyOrOfNoKnownState) {
  EXPECT_FALSE(decode_display("").has_value());
  const std::string payload = encode_display({kParts[0]});
  for (std::size_t length = 0; length < payload.size(); ++length) {
    EXPECT_FALSE(decode_display(payload.substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(decode_display(payload + "x").has_value());
  std::string unknown = payload;
  unknown[0] = 4;
  EXPECT_FALSE(decode_display(unknown).has_value());
}

TEST(DisplayFrame, BoundsTheNumberOfParts) {
  EXPECT_TRUE(
      decode_display(encode_display(std::vector<DisplayPart>(kMaxDisplayParts, {"a/b"}))).has_value());
  EXPECT_FALSE(
      decode_display(encode_display(std::vector<DisplayPart>(kMaxDisplayParts + 1, {"a/b"}))).has_value());
}

TEST(DisplayFrame, KnowsAMimeType) {
  const std::string longest = "a/" + std::string(kMaxDisplayType - 2, 'b');
  for (const std::string& type : {std::string("text/plain"), std::string("image/svg+xml"), longest,
                                  std::string("application/vnd.vegalite.v5+json")}) {
    EXPECT_TRUE(is_mime_type(type)) << type;
  }
  for (const std::string& type :
       {std::string(), std::string("text"), std::string("/"), std::string("a/"), std::string("/b"),
        std::string("a/b/c"), std::string("text/plain; x=y"), std::string("a/b\""), std::string("a/b\n"),
        std::string("a/\xc3\xa9"), std::string("a/b\0", 4), std::string("a b/c"), longest + "b"}) {
    EXPECT_FALSE(is_mime_type(type)) << type;
  }
}

TEST(DisplayFrame, TellsByTheTypeHowItIsWritten) {
  for (const char* type : {"application/json", "application/geo+json", "image/x+json"}) {
    EXPECT_EQ(display_kind(type), DisplayKind::kJson) << type;
  }
  for (const char* type : {"image/png", "audio/wav", "application/pdf", "application/octet-stream"}) {
    EXPECT_EQ(display_kind(type), DisplayKind::kBinary) << type;
  }
  for (const char* type : {"text/html", "image/svg+xml", "application/javascript", "application/x-y"}) {
    EXPECT_EQ(display_kind(type), DisplayKind::kText) << type;
  }
}

}  // namespace
}  // namespace cellblock::protocol
