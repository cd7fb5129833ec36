#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

class StreamingTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.heartbeat = std::chrono::milliseconds(200); }

  static std::string lines_request(std::string_view body) {
    return execute_request(body, "Accept: application/x-ndjson\r\n");
  }
  static std::string chunk(std::string_view text) {
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
    return size.data() + std::string(text) + "\r\n";
  }
};

TEST_F(StreamingTest, SendsWhatComesInChunksAndThenTheAnswer) {
  RawClient peer = client();
  peer.send(lines_request(R"({"script": "print a\nprint b\nsleep 100\nresult [1]"})"));
  const auto head = peer.receive(false);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->headers.at("content-type"), "application/x-ndjson");
  EXPECT_EQ(head->headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(head->headers.count("content-length"), 0U);
  EXPECT_EQ(peer.receive_until("}\n\r\n"), chunk("{\"event\":\"stdout\",\"data\":\"a\\nb\\n\"}\n"));
  const std::string rest = peer.receive_until("\r\n0\r\n\r\n");
  EXPECT_NE(rest.find("{\"event\":\"result\",\"data\":{\"http_status\":200,\"result\":[1],"),
            std::string::npos)
      << rest;
}

TEST_F(StreamingTest, KeepsTheConnectionForTheNextRequest) {
  RawClient peer = client();
  for (int round = 0; round < 2; ++round) {
    peer.send(lines_request(R"({"script": "result 7"})"));
    ASSERT_EQ(peer.receive(false)->status, 200);
    const std::string body = peer.receive_until("\r\n0\r\n\r\n");
    EXPECT_NE(body.find(R"({"event":"result","data":{"http_status":200,"result":7,)"), std::string::npos)
        << body;
  }
  peer.send(execute_request(R"({"script": "result 8"})"));
  EXPECT_NE(peer.receive()->body.find("\"result\":8"), std::string::npos);
}

TEST_F(StreamingTest, TellsTheFaultOfAScriptInItsLastEvent) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "warn no\nclaim exception ValueError: no"})",
                            "Accept: text/event-stream\r\n"));
  EXPECT_EQ(peer.receive(false)->headers.at("content-type"), "text/event-stream");
  const std::string body = peer.receive_until("\r\n0\r\n\r\n");
  const auto warned = body.find("event: stderr\ndata: \"no\\n\"\n\n");
  const auto result = body.find("event: result\ndata: {\"http_status\":400,\"result\":null,");
  EXPECT_NE(warned, std::string::npos) << body;
  EXPECT_NE(result, std::string::npos) << body;
  EXPECT_LT(warned, result);
}

TEST_F(StreamingTest, AnswersWhatIsRefusedAsEver) {
  RawClient peer = client();
  peer.send(lines_request(R"({"script": 1})"));
  const auto refused = peer.receive();
  EXPECT_EQ(refused->status, 400);
  EXPECT_EQ(refused->headers.at("content-type"), "application/json");
  EXPECT_NE(refused->body.find("\"status\":\"invalid_request\""), std::string::npos);
}

TEST_F(StreamingTest, IsRefusedWithItsCodeWhenTheQueueIsFull) {
  std::vector<RawClient> busy;
  for (int count = 0; count < 12; ++count) {
    busy.push_back(client());
    busy.back().send(execute_request(R"({"script": "hang"})"));
  }
  ASSERT_TRUE(becomes([this] { return service_.health().pool.queued == 8; }));
  RawClient peer = client();
  peer.send(lines_request(R"({"script": "result 1"})"));
  const auto refused = peer.receive();
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->headers.count("retry-after"), 1U);
}

TEST_F(StreamingTest, BeatsWhileNothingHappens) {
  RawClient peer = client();
  peer.send(lines_request(R"({"script": "hang"})"));
  ASSERT_EQ(peer.receive(false)->status, 200);
  for (int beat = 0; beat < 2; ++beat) {
    EXPECT_EQ(peer.receive_until("}\n\r\n"), chunk("{\"event\":\"heartbeat\"}\n"));
  }
}

TEST_F(StreamingTest, EndsWithTheConnectionInHttp10) {
  RawClient peer = client();
  std::string old = lines_request(R"({"script": "print a\nresult 1"})");
  old.replace(old.find("HTTP/1.1"), 8, "HTTP/1.0");
  peer.send(old);
  const auto head = peer.receive(false);
  EXPECT_EQ(head->version, "HTTP/1.0");
  EXPECT_EQ(head->headers.count("transfer-encoding"), 0U);
  const std::string body = peer.receive_until("nothing that comes");
  EXPECT_TRUE(body.starts_with("{\"event\":\"stdout\",\"data\":\"a\\n\"}\n{\"event\":\"result\",")) << body;
  EXPECT_TRUE(body.ends_with("}\n")) << body;
}

TEST_F(StreamingTest, IsCancelledByADisconnect) {
  for (const bool by_reset : {false, true}) {
    RawClient peer = client();
    peer.send(lines_request(R"({"script": "print a\nhang"})"));
    ASSERT_EQ(peer.receive(false)->status, 200);
    ASSERT_TRUE(running_becomes(1));
    by_reset ? peer.reset() : peer.close();
    EXPECT_TRUE(running_becomes(0));
  }
}

TEST_F(StreamingTest, OutlivesAClientThatHasOnlyClosedItsSendingHalf) {
  RawClient peer = client();
  peer.send(lines_request(R"({"script": "sleep 700\nresult 1"})"));
  peer.close_sending();
  const std::string answer = peer.receive_until("0\r\n\r\n");
  EXPECT_NE(answer.find("\"http_status\":200,\"result\":1,"), std::string::npos) << answer;
}

}  // namespace
}  // namespace cellblock::http
