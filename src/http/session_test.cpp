#include "http/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SessionTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.max_body_bytes = 10'000; }
};

const std::string kGet = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(SessionTest, AnswersAnExecutionWithTheEnvelopeAndItsHeaders) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "echo", "args": [1]})", "X-Request-Id: my-1\r\n"));
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->version, "HTTP/1.1");
  EXPECT_THAT(response->body, StartsWith(R"({"result":[1],"stdout":"")"));
  EXPECT_EQ(response->headers.at("content-type"), "application/json");
  EXPECT_EQ(response->headers.at("x-request-id"), "my-1");
  EXPECT_EQ(response->headers.at("cache-control"), "no-store");
  EXPECT_EQ(response->headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(response->headers.at("server"), "cellblock");
}

TEST_F(SessionTest, KeepsTheConnectionOpen) {
  RawClient peer = client();
  for (int i = 0; i < 3; ++i) {
    peer.send(execute_request(R"({"script": "echo", "args": [)" + std::to_string(i) + "]}"));
    const auto response = peer.receive();
    ASSERT_TRUE(response);
    EXPECT_THAT(response->body, HasSubstr("[" + std::to_string(i) + "]"));
  }
}

TEST_F(SessionTest, AnswersPipelinedRequestsInOrder) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "sleep 250\nresult 1"})") + kGet +
            execute_request(R"({"script": "result 2"})"));
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":1,)"));
  EXPECT_EQ(peer.receive()->body, R"({"status":"ok"})");
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":2,)"));
}

TEST_F(SessionTest, ClosesAfterAnHttp10Request) {
  RawClient peer = client();
  peer.send("GET /healthz HTTP/1.0\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->version, "HTTP/1.0");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(SessionTest, KeepsAnHttp10ConnectionThatAsksForIt) {
  RawClient peer = client();
  for (int i = 0; i < 2; ++i) {
    peer.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto response = peer.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->headers.at("connection"), "keep-alive");
  }
}

TEST_F(SessionTest, ClosesWhenTheClientAsksForIt) {
  RawClient peer = client();
  peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.receive()->headers.at("connection"), "close");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(SessionTest, AnswersHeadWithTheHeaderAlone) {
  RawClient peer = client();
  peer.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + kGet);
  const auto head = peer.receive(false);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.at("content-length"), "15");
  EXPECT_EQ(peer.receive()->body, R"({"status":"ok"})");
}

TEST_F(SessionTest, TakesChunkedBodies) {
  RawClient peer = client();
  peer.send(
      "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n"
      "b\r\n{\"script\": \r\n");
  peer.send("a;x=y\r\n\"result 7\"\r\n1\r\n}\r\n0\r\n\r\n");
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":7,)"));
}

TEST_F(SessionTest, TellsAWaitingClientToGoOn) {
  RawClient peer = client();
  const std::string body = R"({"script": "result 8"})";
  std::string request = execute_request(body, "Expect: 100-continue\r\n");
  peer.send(request.substr(0, request.size() - body.size()));
  EXPECT_EQ(peer.receive(false)->status, 100);
  peer.send(body);
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":8,)"));
}

TEST_F(SessionTest, TakesABodyOfExactlyTheLimit) {
  RawClient peer = client();
  std::string body = R"({"script": "result 9"})";
  body.append(10'000 - body.size(), ' ');
  peer.send(execute_request(body));
  EXPECT_EQ(peer.receive()->status, 200);
}

TEST_F(SessionTest, RefusesATooLargeBodyBeforeReadingIt) {
  RawClient peer = client();
  peer.send(
      "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: 10001\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(response->body,
            R"({"error":"Request body is larger than 10000 bytes","status":"invalid_request"})");
  EXPECT_EQ(response->headers.at("connection"), "close");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(SessionTest, RefusesAChunkedBodyThatGrowsTooLarge) {
  RawClient peer = client();
  std::string request =
      "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) request += "3e8\r\n" + std::string(1000, ' ') + "\r\n";
  peer.send(request);
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
}

TEST_F(SessionTest, GetsTheAnswerThroughToAClientThatKeepsSending) {
  RawClient peer = client();
  const std::string body(4U << 20U, ' ');
  peer.send_all_it_takes(execute_request(body));
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
}

TEST_F(SessionTest, RefusesMalformedRequestsAndCloses) {
  for (const std::string& request :
       {std::string("hello\r\n\r\n"), std::string("GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n"),
        std::string("GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n"), std::string("GET  HTTP/1.1\r\n\r\n"),
        std::string("GET /healthz HTTP/1.1\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", 10),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n0\r\n\r\n"),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
    RawClient peer = client();
    peer.send(request);
    const auto response = peer.receive();
    ASSERT_TRUE(response) << request;
    EXPECT_EQ(response->status, 400) << request;
    EXPECT_THAT(response->body, HasSubstr(R"("status":"invalid_request")"));
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_EQ(response->headers.at("x-request-id").size(), 32U);
    EXPECT_TRUE(peer.closed_by_peer()) << request;
  }
}

TEST_F(SessionTest, RefusesAHeaderThatGrowsTooLarge) {
  RawClient peer = client();
  peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(20'000, 'a') + "\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 431);
}

TEST_F(SessionTest, KeepsTheConnectionAfterAFaultThatLeavesNothingUnread) {
  RawClient peer = client();
  peer.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_EQ(peer.receive()->status, 404);
  peer.send("GET /execute HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 405);
  EXPECT_EQ(response->headers.at("allow"), "POST");
  peer.send(execute_request("{}"));
  EXPECT_EQ(peer.receive()->status, 400);
  peer.send(kGet);
  EXPECT_EQ(peer.receive()->status, 200);
}

TEST_F(SessionTest, WantsJsonBeforeItLooksAtTheBody) {
  for (const std::string header : {"", "Content-Type: text/plain\r\n"}) {
    RawClient peer = client();
    peer.send("POST /execute HTTP/1.1\r\nHost: x\r\n" + header + "Content-Length: 2\r\n\r\n??");
    const auto response = peer.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 400);
    EXPECT_THAT(response->body, HasSubstr(R"("error":"Content-Type must be application/json")"));
  }
}

class HurriedSessionTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override {
    options.read_deadline = std::chrono::milliseconds(100);
    options.idle_timeout = std::chrono::milliseconds(100);
    options.write_deadline = std::chrono::milliseconds(100);
  }
};

TEST_F(HurriedSessionTest, ClosesAnIdleConnection) {
  RawClient peer = client();
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(HurriedSessionTest, ClosesWhenAHeaderOrBodyDoesNotComeToItsEnd) {
  RawClient slow_header = client();
  slow_header.send("GET /healthz HTTP/1.1\r\n");
  EXPECT_TRUE(slow_header.closed_by_peer());
  RawClient slow_body = client();
  slow_body.send("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_TRUE(slow_body.closed_by_peer());
}

TEST_F(HurriedSessionTest, LetsAnExecutionTakeLongerThanAnyDeadline) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "sleep 600\nresult 1"})"));
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":1,)"));
}

}  // namespace
}  // namespace cellblock::http
