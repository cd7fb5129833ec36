#include "engine/retry_after.hpp"

#include <gtest/gtest.h>

namespace cellblock::engine {
namespace {

using std::chrono::seconds;

TEST(RetryAfterTest, GrowsWithTheQueueAndTheRunTime) {
  EXPECT_EQ(retry_after(100, MeanRunTime::Seconds{2}, 20), seconds{10});
  EXPECT_EQ(retry_after(101, MeanRunTime::Seconds{2}, 20), seconds{11});
}

TEST(RetryAfterTest, StaysWithinOneAndSixtySeconds) {
  EXPECT_EQ(retry_after(0, MeanRunTime::Seconds{0}, 1), seconds{1});
  EXPECT_EQ(retry_after(1, MeanRunTime::Seconds{60}, 1), seconds{60});
  EXPECT_EQ(retry_after(1'000'000, MeanRunTime::Seconds{1e300}, 1), seconds{60});
}

TEST(MeanRunTimeTest, StartsWithTheFirstRunAndFollowsTheLaterOnes) {
  MeanRunTime mean;
  EXPECT_EQ(mean.value().count(), 0);
  mean.add(seconds{4});
  EXPECT_DOUBLE_EQ(mean.value().count(), 4);
  for (int i = 0; i < 200; ++i) mean.add(seconds{1});
  EXPECT_NEAR(mean.value().count(), 1, 0.01);
}

}  // namespace
}  // namespace cellblock::engine
