#include "http/server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <thread>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

using ::testing::HasSubstr;

class ServerTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.max_connections = 3; }
};

const std::string kGet = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(ServerTest, SaysWhyItCannotListen) {
  options_.port = server_->port();
  const auto taken = Server::bind(options_, service_);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message(),
              HasSubstr("listen on 127.0.0.1 port " + std::to_string(options_.port)));
  EXPECT_THAT(taken.error().message(), HasSubstr("Address already in use"));
  EXPECT_THAT(taken.error().hint, HasSubstr("choose another port"));

  options_.port = 0;
  options_.host = "192.0.2.1";
  const auto elsewhere = Server::bind(options_, service_);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, EADDRNOTAVAIL);

  options_.host = "not an address";
  const auto nowhere = Server::bind(options_, service_);
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message(), HasSubstr("not an address"));
}

base::Fd socket_of(int family, int kind) {
  return base::Fd(::socket(family, kind | SOCK_CLOEXEC, 0));
}

TEST_F(ServerTest, TakesASocketOverThatListens) {
  base::Fd listening = socket_of(AF_INET, SOCK_STREAM);
  ASSERT_EQ(::listen(listening.get(), 8), 0);  // on any port of any address
  options_.host = "not an address";
  auto server = Server::bind(options_, service_, std::move(listening));
  ASSERT_TRUE(server) << server.error().message();
  EXPECT_EQ((*server)->address(), "0.0.0.0");
  RawClient waiting((*server)->port());  // before anybody accepts
  waiting.send(kGet);
  (*server)->start();
  EXPECT_EQ(waiting.receive()->status, 200);
}

TEST_F(ServerTest, RefusesASocketThatDoesNotListenOrIsNoneForTcp) {
  EXPECT_FALSE(Server::bind(options_, service_, socket_of(AF_INET, SOCK_STREAM)));
  EXPECT_FALSE(Server::bind(options_, service_, socket_of(AF_INET, SOCK_DGRAM)));
  base::Fd local = socket_of(AF_UNIX, SOCK_STREAM);
  EXPECT_FALSE(Server::bind(options_, service_, std::move(local)));
  const auto refused = Server::bind(options_, service_, base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("listen on the socket that was handed over"));
}

TEST_F(ServerTest, NeedNotBeStarted) {
  options_.port = 0;
  const auto server = Server::bind(options_, service_);
  ASSERT_TRUE(server);
  EXPECT_NE((*server)->port(), 0);
}

TEST_F(ServerTest, ClosesTheLongestIdleConnectionInFavourOfANewOne) {
  RawClient first = client();
  ASSERT_TRUE(becomes([this] { return server_->connections() == 1; }));
  RawClient second = client();
  RawClient third = client();
  second.send(kGet);
  EXPECT_EQ(second.receive()->status, 200);
  ASSERT_TRUE(becomes([this] { return server_->connections() == 3; }));
  RawClient fourth = client();
  fourth.send(kGet);
  EXPECT_EQ(fourth.receive()->status, 200);
  EXPECT_TRUE(first.closed_by_peer());
  second.send(kGet);
  EXPECT_EQ(second.receive()->status, 200);
}

TEST_F(ServerTest, TurnsConnectionsAwayBeyondItsLimitAndRecovers) {
  std::vector<RawClient> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(client());
    open.back().send(execute_request(R"({"script": "hang"})"));
  }
  ASSERT_TRUE(running_becomes(3));
  {
    RawClient extra = client();
    const auto response = extra.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503);
    EXPECT_THAT(response->body, HasSubstr("Too many connections"));
  }
  open.pop_back();
  ASSERT_TRUE(becomes([this] { return server_->connections() == 2; }));
  RawClient next = client();
  next.send(kGet);
  EXPECT_EQ(next.receive()->status, 200);
}

class BusyServerTest : public ServerFixture {};

TEST_F(BusyServerTest, ServesManyClientsAtOnce) {
  constexpr int kClients = 6;
  constexpr int kRequests = 30;
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([this, i, &good] {
      RawClient peer = client();
      for (int j = 0; j < kRequests; ++j) {
        const std::string value = std::to_string(i * 1000 + j);
        peer.send(execute_request(R"({"script": "echo", "args": [)" + value + "]}"));
        const auto response = peer.receive();
        if (response && response->body.starts_with("{\"result\":[" + value + "],")) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, kClients * kRequests);
}

TEST_F(BusyServerTest, Answers503WhenTheQueueIsFull) {
  std::vector<RawClient> peers;
  for (int i = 0; i < 12; ++i) {
    peers.push_back(client());
    peers.back().send(execute_request(R"({"script": "hang"})"));
  }
  ASSERT_TRUE(becomes([this] {
    const auto pool = service_.health().pool;
    return pool.running == 4 && pool.queued == 8;
  }));
  RawClient extra = client();
  extra.send(execute_request(R"({"script": "echo"})"));
  const auto response = extra.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->headers.count("retry-after"), 1U);
  EXPECT_THAT(response->body, HasSubstr(R"("status":"overloaded")"));
}

}  // namespace
}  // namespace cellblock::http
