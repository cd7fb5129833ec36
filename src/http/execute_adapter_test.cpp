#include "http/execute_adapter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cellblock::http {
namespace {

using engine::Status;

engine::Outcome outcome_with(Status status) {
  engine::Outcome outcome;
  outcome.status = status;
  outcome.error = "why";
  return outcome;
}

Request request_with(const char* type, const char* coding) {
  Request request;
  request.set(bhttp::field::content_type, type);
  if (*coding != '\0') request.set(bhttp::field::content_encoding, coding);
  return request;
}

TEST(Content, IsReadAsUtf8AndAsItIs) {
  for (const char* type :
       {"application/json", "application/json; charset=UTF-8", "application/json;a=b; Charset=\"utf-8\""}) {
    EXPECT_EQ(fault_of_content(request_with(type, "")), "") << type;
    EXPECT_EQ(fault_of_content(request_with(type, "Identity")), "") << type;
  }
  EXPECT_THAT(fault_of_content(request_with("text/plain", "")), testing::HasSubstr("application/json"));
  EXPECT_THAT(fault_of_content(request_with("application/json; charset=latin-1", "")),
              testing::HasSubstr("utf-8"));
  EXPECT_THAT(fault_of_content(request_with("application/json", "gzip")), testing::HasSubstr("identity"));
}

TEST(ContentType, MustBeSomeKindOfJson) {
  for (const char* value : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                            " application/json ;x", "application/problem+json", "application/a.b+JSON"}) {
    EXPECT_TRUE(is_json_content_type(value)) << value;
  }
  for (const char* value :
       {"", "text/plain", "application/jsonp", "text/json", "application/json, text/plain", "json",
        "x/application/json", "application/x-www-form-urlencoded", "text/a+json"}) {
    EXPECT_FALSE(is_json_content_type(value)) << value;
  }
}

TEST(ExecuteReply, IsA400WithTheEnvelopeForEveryFaultOfAScript) {
  for (const Status status :
       {Status::kMissingMain, Status::kSyntaxError, Status::kException, Status::kInvalidResult,
        Status::kTimeout, Status::kMemoryLimit, Status::kCpuLimit, Status::kOutputLimit,
        Status::kResultTooLarge, Status::kExited, Status::kKilled, Status::kPolicyViolation,
        Status::kScriptTooLarge, Status::kInvalidRequest}) {
    const Reply reply = reply_for(outcome_with(status), "id-1");
    EXPECT_EQ(reply.status, bhttp::status::bad_request);
    const auto json = nlohmann::json::parse(reply.body);
    EXPECT_EQ(json.at("status"), engine::status_name(status));
    EXPECT_EQ(json.at("error"), "why");
    EXPECT_EQ(json.at("id"), "id-1");
    EXPECT_TRUE(json.at("result").is_null());
  }
}

TEST(ExecuteReply, IsA200WhenAllIsWell) {
  EXPECT_EQ(reply_for(outcome_with(Status::kOk), "a").status, bhttp::status::ok);
}

TEST(ExecuteReply, TellsWhenToRetryWhenOverloaded) {
  auto outcome = outcome_with(Status::kOverloaded);
  EXPECT_EQ(reply_for(outcome, "a").status, bhttp::status::service_unavailable);
  EXPECT_EQ(reply_for(outcome, "a").retry_after, std::chrono::seconds(1));
  outcome.retry_after = std::chrono::seconds(7);
  EXPECT_EQ(reply_for(outcome, "a").retry_after, std::chrono::seconds(7));
}

TEST(ExecuteReply, HidesWhatWentWrongInside) {
  const Reply reply = reply_for(outcome_with(Status::kInternalError), "a");
  EXPECT_EQ(reply.status, bhttp::status::internal_server_error);
  EXPECT_EQ(reply.body, R"({"error":"Internal error","id":"a"})");
}

TEST(ExecuteReply, SaysThatTheServiceIsEndingWhenThatEndedTheScript) {
  const Reply reply = reply_for(outcome_with(Status::kCancelled), "a");
  EXPECT_EQ(reply.status, bhttp::status::service_unavailable);
  EXPECT_EQ(reply.body, R"({"error":"The service is shutting down","status":"overloaded"})");
  EXPECT_GT(reply.retry_after.count(), 0);
}

}  // namespace
}  // namespace cellblock::http
