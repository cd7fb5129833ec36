#include "protocol/outcome_frame.hpp"

#include <gtest/gtest.h>

namespace cellblock::protocol {
namespace {

TEST(OutcomeFrame, RoundTrips) {
  const OutcomeClaim claim{OutcomeKind::kException,
                           "",
                           "ValueError: x",
                           R"({"type":"ValueError"})",
                           {{FileDenial::Kind::kReadOnly, 3, "/usr/x"}, {FileDenial::Kind::kFurther, 1, ""}}};
  EXPECT_EQ(decode_outcome(encode_outcome(claim)), claim);
}

TEST(OutcomeFrame, EveryCutTrailingByteAndUnknownKindIsRefused) {
  const std::string payload = encode_outcome({OutcomeKind::kOk, "{}", "e", "x"});
  for (std::size_t length = 0; length < payload.size(); ++length) {
    EXPECT_FALSE(decode_outcome(payload.substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(decode_outcome(payload + "x").has_value());
  std::string unknown = payload;
  unknown[0] = 10;
  EXPECT_FALSE(decode_outcome(unknown).has_value());
}

std::string with_denials(std::size_t number, std::size_t path_bytes) {
  OutcomeClaim claim;
  claim.denied.assign(number, {FileDenial::Kind::kTree, 1, std::string(path_bytes, 'x')});
  return encode_outcome(claim);
}

TEST(OutcomeFrame, HoldsTheDenialsToTheirLimitsOnBothSides) {
  EXPECT_TRUE(decode_outcome(with_denials(kMaxFileDenials + 1, kMaxDenialPath)).has_value());
  EXPECT_FALSE(decode_outcome(with_denials(kMaxFileDenials + 2, 1)).has_value());
  EXPECT_FALSE(decode_outcome(with_denials(1, kMaxDenialPath + 1)).has_value());
}

TEST(OutcomeFrame, ADenialThatIsCutShortOrOfNoKnownKindIsRefused) {
  const std::size_t without = encode_outcome({}).size();
  const std::string payload = with_denials(1, 4);
  for (std::size_t length = without + 1; length < payload.size(); ++length) {
    EXPECT_FALSE(decode_outcome(payload.substr(0, length)).has_value()) << length;
  }
  std::string unknown = payload;
  unknown[without] = 4;
  EXPECT_FALSE(decode_outcome(unknown).has_value());
}

TEST(OutcomeFrame, ASegmentThatAnnouncesMoreThanThereIsIsRefused) {
  std::string payload(1, '\0');
  payload += "\xff\xff\xff\xff";
  EXPECT_FALSE(decode_outcome(payload).has_value());
}

}  // namespace
}  // namespace cellblock::protocol
