#include "protocol/frame.hpp"

#include <gtest/gtest.h>

namespace cellblock::protocol {
namespace {

TEST(FrameReader, PutsAFrameTogetherFromSingleBytes) {
  FrameReader reader(100);
  const std::string bytes = encode_frame(FrameKind::kOutcome, "payload");
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const auto early = reader.next();
    ASSERT_TRUE(early.has_value());
    EXPECT_FALSE(early->has_value());
    reader.feed(bytes.substr(index, 1));
  }
  const auto frame = reader.next();
  ASSERT_TRUE(frame.has_value() && frame->has_value());
  EXPECT_EQ((*frame)->kind, FrameKind::kOutcome);
  EXPECT_EQ((*frame)->payload, "payload");
  EXPECT_TRUE(reader.empty());
}

TEST(FrameReader, KeepsWhatFollowsTheFirstFrame) {
  FrameReader reader(100);
  reader.feed(encode_frame(FrameKind::kReady, "") + encode_frame(FrameKind::kOutcome, "two"));
  EXPECT_EQ(reader.next().value().value().kind, FrameKind::kReady);
  EXPECT_EQ(reader.next().value().value().payload, "two");
}

TEST(FrameReader, TakesAPayloadOfExactlyTheLimitAndRefusesOneByteMoreAtItsHeader) {
  FrameReader at_limit(3);
  at_limit.feed(encode_frame(FrameKind::kOutcome, "abc"));
  EXPECT_TRUE(at_limit.next().value().has_value());
  FrameReader above(3);
  above.feed(frame_header(FrameKind::kOutcome, 4));
  const auto refused = above.next();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, EMSGSIZE);
}

TEST(FrameReader, RefusesUnknownKinds) {
  for (const char kind : {'\0', '\x08', '\xff'}) {
    FrameReader reader(100);
    reader.feed(std::string("\0\0\0\0", 4) + kind);
    const auto refused = reader.next();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, EPROTO);
  }
}

TEST(Segments, RoundTripAndRefuseCutOnes) {
  std::string payload;
  append_u64(payload, 0x0102030405060708ULL);
  append_segment(payload, "one");
  append_segment(payload, "");
  std::string_view view = payload;
  EXPECT_EQ(take_u64(view), 0x0102030405060708ULL);
  EXPECT_EQ(take_segment(view), "one");
  EXPECT_EQ(take_segment(view), "");
  EXPECT_EQ(take_segment(view), std::nullopt);
  EXPECT_EQ(take_u64(view), std::nullopt);
  std::string_view cut = std::string_view(payload).substr(8, 5);
  EXPECT_EQ(take_segment(cut), std::nullopt);
}

}  // namespace
}  // namespace cellblock::protocol
