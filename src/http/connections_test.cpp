#include "http/connections.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace cellblock::http {
namespace {

class FakeConnection final : public Connection {
 public:
  void stop() override { ++stopped; }
  void give_way() override { ++gave_way; }
  void abort() override { ++aborted; }

  int stopped = 0;
  int gave_way = 0;
  int aborted = 0;
};

class ConnectionsTest : public ::testing::Test {
 protected:
  ConnectionsTest() {
    for (auto& connection : three_) connections_.add(connection);
  }

  Connections connections_;
  std::array<std::shared_ptr<FakeConnection>, 3> three_{std::make_shared<FakeConnection>(),
                                                        std::make_shared<FakeConnection>(),
                                                        std::make_shared<FakeConnection>()};
};

TEST_F(ConnectionsTest, TheLongestIdleGivesWayOnceOnly) {
  connections_.turn(three_[0].get(), Turn::kServed);
  connections_.turn(three_[0].get(), Turn::kIdle);
  for (const auto expected : {1U, 2U, 0U}) {
    ASSERT_TRUE(connections_.make_room());
    EXPECT_EQ(three_.at(expected)->gave_way, 1) << expected;
  }
  EXPECT_FALSE(connections_.make_room());
  for (const auto& connection : three_) EXPECT_EQ(connection->gave_way, 1);
}

TEST_F(ConnectionsTest, WhoIsServedStays) {
  for (const auto& connection : three_) connections_.turn(connection.get(), Turn::kServed);
  EXPECT_FALSE(connections_.make_room());
  connections_.turn(three_[1].get(), Turn::kIdle);
  EXPECT_TRUE(connections_.make_room());
  EXPECT_EQ(three_[1]->gave_way, 1);
}

TEST_F(ConnectionsTest, WhoHasBeenAnsweredHasAMomentToReadItAndGivesWayBeforeAHeader) {
  connections_.turn(three_[0].get(), Turn::kHeader);
  connections_.turn(three_[1].get(), Turn::kLeaving);
  connections_.turn(three_[2].get(), Turn::kServed);
  EXPECT_FALSE(connections_.make_room());
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  EXPECT_TRUE(connections_.make_room());
  EXPECT_EQ(three_[1]->gave_way, 1);
}

TEST_F(ConnectionsTest, AHeaderHasASecondBeforeItGivesWay) {
  connections_.turn(three_[0].get(), Turn::kBody);
  connections_.turn(three_[1].get(), Turn::kHeader);
  connections_.turn(three_[2].get(), Turn::kServed);
  EXPECT_FALSE(connections_.make_room());
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  EXPECT_TRUE(connections_.make_room());
  EXPECT_EQ(three_[1]->gave_way, 1);
  EXPECT_FALSE(connections_.make_room());
}

TEST_F(ConnectionsTest, ForgetsWhoHasGone) {
  for (const auto& connection : three_) connections_.remove(connection.get());
  EXPECT_EQ(connections_.count(), 0U);
  EXPECT_FALSE(connections_.make_room());
  connections_.turn(three_[0].get(), Turn::kServed);
  EXPECT_TRUE(connections_.wait_until_none(std::chrono::milliseconds(0)));
}

}  // namespace
}  // namespace cellblock::http
