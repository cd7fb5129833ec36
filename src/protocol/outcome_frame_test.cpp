#include "protocol/outcome_frame.hpp"

#include <gtest/gtest.h>

namespace cellblock::protocol {
namespace {

TEST(OutcomeFrame, RoundTrips) {
  const OutcomeClaim claim{OutcomeKind::kException, "", "ValueError: x", R"({"type":"ValueError"})"};
  EXPECT_EQ(decode_outcome(encode_outcome(claim)), claim);
}

TEST(OutcomeFrame, EveryCutTrailingByteAndUnknownKindIsRefused) {
  const std::string payload = encode_outcome({OutcomeKind::kOk, "{}", "e", "x"});
  for (std::size_t length = 0; length < payload.size(); ++length) {
    EXPECT_FALSE(decode_outcome(payload.substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(decode_outcome(payload + "x").has_value());
  std::string unknown = payload;
  unknown[0] = 9;
  EXPECT_FALSE(decode_outcome(unknown).has_value());
}

TEST(OutcomeFrame, ASegmentThatAnnouncesMoreThanThereIsIsRefused) {
  std::string payload(1, '\0');
  payload += "\xff\xff\xff\xff";
  EXPECT_FALSE(decode_outcome(payload).has_value());
}

}  // namespace
}  // namespace cellblock::protocol
