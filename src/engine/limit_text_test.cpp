#include "engine/limit_text.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace cellblock::engine {
namespace {

using std::chrono::milliseconds;

TEST(LimitTextTest, WritesSecondsWithoutTrailingZeros) {
  EXPECT_EQ(seconds_text(milliseconds{30'000}), "30s");
  EXPECT_EQ(seconds_text(milliseconds{500}), "0.5s");
  EXPECT_EQ(seconds_text(milliseconds{1'250}), "1.25s");
  EXPECT_EQ(seconds_text(milliseconds{1}), "0.001s");
  EXPECT_EQ(seconds_text(milliseconds{10'050}), "10.05s");
}

TEST(LimitTextTest, WritesSizesInTheLargestExactUnit) {
  EXPECT_EQ(size_text(512ULL << 20U), "512 MB");
  EXPECT_EQ(size_text(200ULL << 10U), "200 KB");
  EXPECT_EQ(size_text(1000), "1000 bytes");
}

TEST(LimitTextTest, NamesSignals) {
  EXPECT_EQ(signal_text(SIGSEGV), "signal 11 (SIGSEGV)");
  EXPECT_EQ(signal_text(SIGKILL), "signal 9 (SIGKILL)");
  EXPECT_EQ(signal_text(SIGABRT), "signal 6 (SIGABRT)");
  EXPECT_EQ(signal_text(40), "signal 40");
  EXPECT_EQ(signal_text(-1), "signal -1");
}

}  // namespace
}  // namespace cellblock::engine
