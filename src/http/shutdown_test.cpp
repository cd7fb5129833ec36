#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using ShutdownTest = ServerFixture;

TEST_F(ShutdownTest, ClosesIdleConnectionsAtOnce) {
  RawClient fresh = client();
  RawClient used = client();
  used.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(used.receive()->headers.count("connection"), 0U);
  ASSERT_TRUE(becomes([this] { return server_->connections() == 2; }));
  server_->stop_accepting();
  EXPECT_TRUE(fresh.closed_by_peer());
  EXPECT_TRUE(used.closed_by_peer());
  EXPECT_TRUE(server_->shutdown(seconds(5)));
}

TEST_F(ShutdownTest, LetsWhatRunsFinishAndThenCloses) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "sleep 300\nresult 1"})"));
  ASSERT_TRUE(running_becomes(1));
  server_->stop_accepting();
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.at("connection"), "close");
  EXPECT_TRUE(peer.closed_by_peer());
  EXPECT_TRUE(server_->shutdown(seconds(5)));
}

TEST_F(ShutdownTest, AnswersWithTheEnginesLastWord) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "hang"})"));
  ASSERT_TRUE(running_becomes(1));
  server_->stop_accepting();
  engine_.drain(milliseconds(0));
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->headers.count("retry-after"), 1U);
  EXPECT_TRUE(server_->shutdown(seconds(5)));
}

TEST_F(ShutdownTest, AbortsWhatOutlivesTheLimit) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "hang"})"));
  ASSERT_TRUE(running_becomes(1));
  EXPECT_FALSE(server_->shutdown(milliseconds(50)));
  EXPECT_TRUE(running_becomes(0));
  EXPECT_FALSE(peer.receive());
}

TEST_F(ShutdownTest, LeavesNoListenerBehind) {
  const std::uint16_t port = server_->port();
  EXPECT_TRUE(server_->shutdown(seconds(1)));
  server_.reset();
  options_.port = port;
  EXPECT_TRUE(Server::bind(options_, service_));
}

TEST_F(ShutdownTest, SurvivesExecutionsThatEndLater) {
  std::vector<RawClient> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(client());
    peers.back().send(execute_request(R"({"script": "sleep 60"})"));
  }
  ASSERT_TRUE(running_becomes(4));
  server_.reset();
  EXPECT_TRUE(running_becomes(0));
}

}  // namespace
}  // namespace cellblock::http
