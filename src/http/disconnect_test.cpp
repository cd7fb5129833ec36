#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

class DisconnectTest : public ServerFixture {
 protected:
  // running_becomes() waits two seconds; what is asked here is to be well under one.
  void expect_cancelled_soon() {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(running_becomes(0));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
    EXPECT_TRUE(becomes([this] { return server_->connections() == 0; }));
  }

  const std::string hang_ = execute_request(R"({"script": "hang"})");
};

TEST_F(DisconnectTest, CancelsTheExecution) {
  RawClient peer = client();
  peer.send(hang_);
  ASSERT_TRUE(running_becomes(1));
  peer.close();
  expect_cancelled_soon();
}

TEST_F(DisconnectTest, ByResetCancelsTheExecution) {
  RawClient peer = client();
  peer.send(hang_);
  ASSERT_TRUE(running_becomes(1));
  peer.reset();
  expect_cancelled_soon();
}

TEST_F(DisconnectTest, IsSeenBehindAPipelinedRequest) {
  RawClient peer = client();
  peer.send(hang_ + hang_);
  peer.send(hang_);
  ASSERT_TRUE(running_becomes(1));
  peer.close();
  expect_cancelled_soon();
  EXPECT_EQ(control_->record().started_jobs.size(), 1U);
}

TEST_F(DisconnectTest, OfTheSendingHalfOnlyLeavesTheExecutionAlone) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "sleep 700\nresult 1"})"));
  peer.close_sending();
  auto response = peer.receive();
  // An interim answer is how the server finds out whether somebody is there.
  while (response && response->status == 100) response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(DisconnectTest, OfTheOtherHalfLaterCancelsTheExecution) {
  RawClient peer = client();
  peer.send(hang_);
  peer.close_sending();
  ASSERT_TRUE(running_becomes(1));
  EXPECT_EQ(peer.receive(false)->status, 100);
  peer.close();
  EXPECT_TRUE(running_becomes(0));
}

TEST_F(DisconnectTest, OfTheSendingHalfCancelsWhereNoInterimAnswerIsAllowed) {
  RawClient peer = client();
  std::string old = hang_;
  old.replace(old.find("HTTP/1.1"), 8, "HTTP/1.0");
  peer.send(old);
  ASSERT_TRUE(running_becomes(1));
  peer.close_sending();
  expect_cancelled_soon();
}

TEST_F(DisconnectTest, TakesAQueuedExecutionOutOfTheQueue) {
  std::vector<RawClient> running;
  for (int i = 0; i < 4; ++i) {
    running.push_back(client());
    running.back().send(hang_);
  }
  ASSERT_TRUE(running_becomes(4));
  RawClient waiting = client();
  waiting.send(hang_);
  const auto queued = [this](std::uint32_t count) {
    return becomes([this, count] { return service_.health().pool.queued == count; });
  };
  ASSERT_TRUE(queued(1));
  waiting.close();
  EXPECT_TRUE(queued(0));
}

TEST_F(DisconnectTest, OfOneClientLeavesOthersAlone) {
  RawClient leaving = client();
  RawClient staying = client();
  staying.send(execute_request(R"({"script": "sleep 500\nresult 1"})"));
  leaving.send(hang_);
  ASSERT_TRUE(running_becomes(2));
  leaving.close();
  EXPECT_TRUE(running_becomes(1));
  EXPECT_EQ(staying.receive()->status, 200);
}

}  // namespace
}  // namespace cellblock::http
