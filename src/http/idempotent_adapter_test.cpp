#include "http/idempotent_adapter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class IdempotentTest : public ServerFixture {
 protected:
  static std::string keyed(std::string_view script, const std::string& key = "k-1") {
    return execute_request(R"({"script": ")" + std::string(script) + "\"}",
                           "Idempotency-Key: " + key + "\r\n");
  }
  [[nodiscard]] std::optional<RawResponse> answer(const std::string& request) const {
    RawClient peer = client();
    peer.send(request);
    return peer.receive();
  }
  [[nodiscard]] std::size_t started() const { return control_->record().started_jobs.size(); }
};

TEST_F(IdempotentTest, TheSecondRequestGetsTheFirstAnswer) {
  const auto first = answer(keyed("result 1"));
  const auto second = answer(keyed("result 1"));
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->headers.count("idempotency-replayed"), 0U);
  EXPECT_EQ(second->status, 200);
  EXPECT_EQ(second->headers.at("idempotency-replayed"), "true");
  EXPECT_EQ(second->body, first->body);
  EXPECT_NE(second->headers.at("x-request-id"), first->headers.at("x-request-id"));
  EXPECT_EQ(started(), 1U);
}

TEST_F(IdempotentTest, AFaultOfTheScriptIsReplayedToo) {
  const auto first = answer(keyed("claim exception ValueError: no"));
  const auto second = answer(keyed("claim exception ValueError: no"));
  EXPECT_EQ(first->status, 400);
  EXPECT_EQ(second->body, first->body);
  EXPECT_EQ(started(), 1U);
}

TEST_F(IdempotentTest, AnotherBodyUnderTheSameKeyIsRefused) {
  EXPECT_EQ(answer(keyed("result 1"))->status, 200);
  const auto conflict = answer(keyed("result 2"));
  EXPECT_EQ(conflict->status, 422);
  EXPECT_THAT(conflict->body, HasSubstr(R"("status":"idempotency_conflict")"));
  EXPECT_EQ(answer(keyed("result 2", "k-2"))->status, 200);
}

TEST_F(IdempotentTest, DuplicatesAtTheSameTimeWaitForOneExecution) {
  RawClient first = client();
  RawClient second = client();
  first.send(keyed("sleep 300\\nresult 1"));
  ASSERT_TRUE(running_becomes(1));
  second.send(keyed("sleep 300\\nresult 1"));
  EXPECT_THAT(first.receive()->body, StartsWith(R"({"result":1,)"));
  const auto replayed = second.receive();
  EXPECT_THAT(replayed->body, StartsWith(R"({"result":1,)"));
  EXPECT_EQ(replayed->headers.at("idempotency-replayed"), "true");
  EXPECT_EQ(started(), 1U);
}

TEST_F(IdempotentTest, WhoLeavesDoesNotCancelTheOthersExecution) {
  RawClient first = client();
  RawClient second = client();
  first.send(keyed("sleep 700\\nresult 1"));
  ASSERT_TRUE(running_becomes(1));
  second.send(keyed("sleep 700\\nresult 1"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  first.close();
  const auto response = second.receive();
  ASSERT_TRUE(response);
  EXPECT_THAT(response->body, StartsWith(R"({"result":1,)"));
  EXPECT_EQ(started(), 1U);
}

TEST_F(IdempotentTest, WhenAllHaveLeftTheExecutionIsCancelled) {
  RawClient first = client();
  RawClient second = client();
  first.send(keyed("hang"));
  ASSERT_TRUE(running_becomes(1));
  second.send(keyed("hang"));
  first.close();
  second.close();
  EXPECT_TRUE(running_becomes(0));
  // The key is free again.
  EXPECT_EQ(answer(keyed("result 1"))->status, 200);
}

TEST_F(IdempotentTest, WhatNeverRanMayBeTriedAgain) {
  EXPECT_EQ(answer(keyed("", "k-3"))->status, 400);
  EXPECT_EQ(answer(keyed("result 1", "k-3"))->status, 200);
  EXPECT_EQ(answer(keyed("broken lost", "k-4"))->status, 500);
  EXPECT_EQ(answer(keyed("result 1", "k-4"))->status, 200);
}

TEST_F(IdempotentTest, KeysAreBoundedInLengthAndAlphabet) {
  EXPECT_EQ(answer(keyed("result 1", std::string(255, 'k')))->status, 200);
  EXPECT_EQ(answer(keyed("result 1", R"("8e03978e-40d5-43dd-bc93-6894a57f9324")"))->status, 200);
  for (const std::string& wrong :
       {std::string(256, 'k'), std::string(), std::string("a b"), std::string("\xc3\xa4")}) {
    const auto response = answer(keyed("result 1", wrong));
    EXPECT_EQ(response->status, 400) << wrong;
    EXPECT_THAT(response->body, HasSubstr("Idempotency-Key must be"));
  }
  EXPECT_EQ(answer(keyed("result 1", "a\r\nIdempotency-Key: b"))->status, 400);
}

}  // namespace
}  // namespace cellblock::http
