#include "http/live_feed.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cellblock::http {
namespace {

using engine::LiveEvent;
using Kind = LiveEvent::Kind;

TEST(LiveFeed, JoinsPiecesOfOneStreamAndKeepsTheOrder) {
  LiveFeed feed(nullptr);
  EXPECT_TRUE(feed.push({}).wake);
  for (int count = 0; count < 1000; ++count) EXPECT_FALSE(feed.push({Kind::kStdout, "x", {}}).wake);
  static_cast<void>(feed.push({Kind::kStderr, "y", {}}));
  static_cast<void>(feed.push({Kind::kDisplay, {}, {{"a/b", {}, "1"}}}));
  static_cast<void>(feed.push({Kind::kDisplay, {}, {{"a/b", {}, "2"}}}));
  static_cast<void>(feed.push({Kind::kStdout, "z", {}}));
  const auto taken = feed.take();
  ASSERT_EQ(taken.events.size(), 5U);
  EXPECT_EQ(taken.events[0].text, std::string(1000, 'x'));
  EXPECT_EQ(taken.events[1].text, "y");
  EXPECT_EQ(taken.events[3].bundle[0].data, "2");
  EXPECT_TRUE(taken.started);
  EXPECT_FALSE(taken.resting);
  EXPECT_TRUE(feed.take().events.empty());
  EXPECT_TRUE(feed.take().started) << "which stays true";
  EXPECT_TRUE(feed.push({Kind::kStdout, "x", {}}).wake);
}

TEST(LiveFeed, AsksTheEngineToRestAboveItsMark) {
  LiveFeed feed(nullptr);
  EXPECT_TRUE(feed.push({Kind::kStdout, std::string(LiveFeed::kHighWater, 'x'), {}}).more);
  EXPECT_FALSE(feed.push({Kind::kStderr, "x", {}}).more);
  EXPECT_FALSE(feed.push({Kind::kStderr, "what was read already", {}}).more);
  EXPECT_TRUE(feed.take().resting);
  EXPECT_FALSE(feed.take().resting);
  EXPECT_TRUE(feed.push({Kind::kStdout, "x", {}}).more);
}

TEST(LiveFeed, IsOnTheBudgetsAccount) {
  const auto budget = std::make_shared<base::ByteBudget>(100'000);
  LiveFeed feed(budget);
  EXPECT_TRUE(feed.push({Kind::kStdout, std::string(90'000, 'x'), {}}).more);
  EXPECT_GT(budget->used(), 0U);
  static_cast<void>(feed.take());
  EXPECT_EQ(budget->used(), 0U);
  EXPECT_FALSE(feed.push({Kind::kStdout, std::string(200'000, 'x'), {}}).more);
  const auto taken = feed.take();
  EXPECT_TRUE(taken.no_room);
  EXPECT_TRUE(taken.events.empty());
}

}  // namespace
}  // namespace cellblock::http
