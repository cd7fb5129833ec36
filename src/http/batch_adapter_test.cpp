#include "http/batch_adapter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

using ::testing::HasSubstr;

class BatchTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.batch_executions = 2; }

  static std::string batch_request(std::string_view body, std::string_view version = "1.1") {
    return "POST /batch HTTP/" + std::string(version) + "\r\nHost: x\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  static std::string of(const std::vector<std::string>& scripts) {
    nlohmann::json body;
    for (const std::string& script : scripts) body["requests"].push_back({{"script", script}});
    return batch_request(body.dump());
  }
  // The lines of a chunked answer, up to its end.
  static std::vector<nlohmann::json> lines(RawClient& peer) {
    const auto head = peer.receive(false);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->headers.at("content-type"), "application/x-ndjson");
    EXPECT_EQ(head->headers.at("transfer-encoding"), "chunked");
    EXPECT_FALSE(head->headers.contains("content-length"));
    std::vector<nlohmann::json> found;
    for (std::string text = peer.receive_chunk(); !text.empty(); text = peer.receive_chunk()) {
      if (text != " ") found.push_back(nlohmann::json::parse(text));
    }
    return found;
  }
};

TEST_F(BatchTest, AnswersInOrderAndKeepsTheConnection) {
  RawClient peer = client();
  for (int round = 0; round < 2; ++round) {
    peer.send(of({"sleep 200\nresult 0", "result 1", "claim exception ValueError: no", "result 3"}));
    const auto found = lines(peer);
    ASSERT_EQ(found.size(), 4U);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i]["index"], i);
    EXPECT_EQ(found[0]["answer"]["result"], 0);
    EXPECT_EQ(found[1]["answer"]["result"], 1);
    EXPECT_EQ(found[2]["http"], 400);
    EXPECT_EQ(found[2]["answer"]["status"], "exception");
    EXPECT_EQ(found[3]["http"], 200);
  }
}

TEST_F(BatchTest, TakesOnlySoManyPlacesAtOnce) {
  RawClient peer = client();
  peer.send(of({"sleep 1000\nresult 0", "sleep 1000\nresult 1", "result 2", "result 3"}));
  ASSERT_TRUE(running_becomes(2));
  const auto pool = service_.health().pool;
  EXPECT_EQ(pool.running + pool.queued, 2U);
  // The fixture has four places: another client gets one.
  RawClient other = client();
  other.send(execute_request(R"({"script": "result 9"})"));
  EXPECT_EQ(other.receive()->status, 200);
  EXPECT_EQ(lines(peer).size(), 4U);
  EXPECT_LE(control_->record().started_jobs.size(), 5U);
}

TEST_F(BatchTest, AnAnswerThatWaitsForItsTurnKeepsItsPlace) {
  RawClient peer = client();
  peer.send(of({"sleep 1000\nresult 0", "result 1", "result 2"}));
  ASSERT_TRUE(becomes([this] { return control_->record().started_jobs.size() == 2; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(control_->record().started_jobs.size(), 2U);
  EXPECT_EQ(lines(peer).size(), 3U);
}

TEST_F(BatchTest, AWrongEntryIsAnsweredInItsLine) {
  RawClient peer = client();
  peer.send(
      batch_request(R"({"requests": [1, {"script": "result 1"}, {"script": 5}, {"script": "x", "y": 1}]})"));
  const auto found = lines(peer);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0]["answer"]["status"], "invalid_request");
  EXPECT_EQ(found[1]["http"], 200);
  EXPECT_EQ(found[2]["http"], 400);
  EXPECT_THAT(found[3]["answer"]["error"].get<std::string>(), HasSubstr("'y'"));
}

TEST_F(BatchTest, AWrongBodyIsRefusedAsAWhole) {
  for (const auto* body : {"{}", "not json", R"({"requests": []})", R"({"requests": 1})"}) {
    RawClient peer = client();
    peer.send(batch_request(body));
    const auto response = peer.receive();
    EXPECT_EQ(response->status, 400);
    EXPECT_THAT(response->body, HasSubstr("invalid_request"));
  }
}

TEST_F(BatchTest, DisconnectCancelsTheRest) {
  RawClient peer = client();
  peer.send(of({"hang", "hang", "result 2"}));
  ASSERT_TRUE(running_becomes(2));
  peer.close();
  EXPECT_TRUE(running_becomes(0));
  EXPECT_EQ(control_->record().started_jobs.size(), 2U);
}

TEST_F(BatchTest, AHalfClosedClientGetsAllItsLines) {
  RawClient peer = client();
  peer.send(of({"sleep 500\nresult 0", "result 1"}));
  peer.close_sending();
  EXPECT_EQ(lines(peer).size(), 2U);
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(BatchTest, OldClientsGetTheLinesUpToTheEndOfTheConnection) {
  RawClient peer = client();
  peer.send(batch_request(R"({"requests": [{"script": "result 7"}]})", "1.0"));
  const auto head = peer.receive(false);
  EXPECT_EQ(head->headers.count("transfer-encoding"), 0U);
  EXPECT_THAT(peer.rest(), HasSubstr(R"("result":7)"));
}

TEST_F(BatchTest, AnEntryWithoutAPlaceSaysSoInItsLine) {
  // Four places and eight in the queue, all taken.
  std::vector<RawClient> others;
  for (int i = 0; i < 12; ++i) {
    others.push_back(client());
    others.back().send(execute_request(R"({"script": "hang"})"));
  }
  ASSERT_TRUE(becomes([this] { return service_.health().pool.queued == 8; }));
  RawClient peer = client();
  peer.send(of({"result 0"}));
  const auto found = lines(peer);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["http"], 503);
  EXPECT_EQ(found[0]["answer"]["status"], "overloaded");
  EXPECT_GE(found[0]["retry_after"], 1);
}

}  // namespace
}  // namespace cellblock::http
