#include "protocol/ready_frame.hpp"

#include <gtest/gtest.h>

namespace cellblock::protocol {
namespace {

TEST(ReadyFrame, BringsTheTimesBack) {
  const auto times = decode_ready(encode_ready({123, 4'000'000'000'000}));
  ASSERT_TRUE(times.has_value());
  EXPECT_EQ(times->seal_us, 123U);
  EXPECT_EQ(times->prime_us, 4'000'000'000'000U);
}

TEST(ReadyFrame, AnythingElseHasNoTimes) {
  const std::string payload = encode_ready({1, 2});
  for (const std::string& wrong : {std::string(), payload.substr(0, 15), payload + "x"}) {
    EXPECT_FALSE(decode_ready(wrong).has_value()) << wrong.size();
  }
}

}  // namespace
}  // namespace cellblock::protocol
