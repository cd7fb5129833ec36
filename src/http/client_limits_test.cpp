#include "http/client_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace cellblock::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class ClientLimitsTest : public ::testing::Test {
 protected:
  // 0: admitted; else the seconds to wait. The place is kept when `keep` says so.
  std::int64_t wait_of(ClientLimits& limits, const std::string& client, bool keep = false) {
    auto entered = limits.enter(client, now_);
    if (!entered) {
      EXPECT_EQ(entered.error().status, bhttp::status::too_many_requests);
      EXPECT_THAT(entered.error().body, HasSubstr("rate_limited"));
      return entered.error().retry_after.count();
    }
    if (keep) places_.push_back(std::move(*entered));
    return 0;
  }

  ClientLimits::Clock::time_point now_ = ClientLimits::Clock::now();
  std::vector<ClientLimits::Place> places_;
};

TEST_F(ClientLimitsTest, WithoutRulesEverybodyIsAdmittedAndNobodyRemembered) {
  ClientLimits limits({});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(wait_of(limits, "a", true), 0);
  EXPECT_EQ(limits.clients(), 0U);
}

TEST_F(ClientLimitsTest, ABurstIsAdmittedAndThenTheRate) {
  ClientLimits limits({0.5, 3, 0});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait_of(limits, "a"), 0);
  EXPECT_EQ(wait_of(limits, "a"), 2);
  now_ += milliseconds(1990);
  EXPECT_EQ(wait_of(limits, "a"), 1);
  now_ += milliseconds(20);
  EXPECT_EQ(wait_of(limits, "a"), 0);
  EXPECT_EQ(wait_of(limits, "a"), 2);
  // However long the pause, no more than a burst is saved up.
  now_ += milliseconds(1'000'000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait_of(limits, "a"), 0);
  EXPECT_NE(wait_of(limits, "a"), 0);
}

TEST_F(ClientLimitsTest, ClientsDoNotSpendForEachOther) {
  ClientLimits limits({1, 1, 0});
  EXPECT_EQ(wait_of(limits, "a"), 0);
  EXPECT_NE(wait_of(limits, "a"), 0);
  EXPECT_EQ(wait_of(limits, "b"), 0);
}

TEST_F(ClientLimitsTest, OnlySoManyAtOnce) {
  ClientLimits limits({0, 1, 2});
  EXPECT_EQ(wait_of(limits, "a", true), 0);
  EXPECT_EQ(wait_of(limits, "a", true), 0);
  EXPECT_EQ(wait_of(limits, "a"), 1);
  EXPECT_EQ(wait_of(limits, "b", true), 0);
  places_.erase(places_.begin());
  EXPECT_EQ(wait_of(limits, "a", true), 0);
  EXPECT_EQ(wait_of(limits, "a"), 1);
  places_.clear();  // before the limits go
}

TEST_F(ClientLimitsTest, WhoIsRefusedForThePlaceKeepsHisToken) {
  ClientLimits limits({0.001, 2, 1});
  EXPECT_EQ(wait_of(limits, "a", true), 0);
  EXPECT_EQ(wait_of(limits, "a"), 1);
  places_.clear();
  EXPECT_EQ(wait_of(limits, "a"), 0);
}

TEST_F(ClientLimitsTest, QuietClientsAreForgottenAndTooManyShareAnAccount) {
  ClientLimits limits({1, 1, 0}, 2);
  EXPECT_EQ(wait_of(limits, "a"), 0);
  EXPECT_EQ(wait_of(limits, "b"), 0);
  EXPECT_EQ(wait_of(limits, "c"), 0);
  EXPECT_NE(wait_of(limits, "d"), 0);
  EXPECT_EQ(limits.clients(), 3U);
  now_ += milliseconds(5000);
  EXPECT_EQ(wait_of(limits, "e"), 0);
  EXPECT_EQ(wait_of(limits, "f"), 0);
  EXPECT_LE(limits.clients(), 3U);
}

}  // namespace
}  // namespace cellblock::http
