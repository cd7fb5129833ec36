#include "service/envelope.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace cellblock::service {
namespace {

using engine::Outcome;
using engine::Status;
using nlohmann::ordered_json;

Outcome outcome_with(Status status) {
  Outcome outcome;
  outcome.status = status;
  return outcome;
}

TEST(Envelope, OfAGoodRunIsTheContractsText) {
  Outcome outcome = outcome_with(Status::kOk);
  outcome.result_json = R"({"message": "hi"})";
  outcome.stdout_text = "a\n";
  outcome.usage = {0.4, 0.3, 812};
  EXPECT_EQ(envelope_json(outcome, "abc"),
            R"({"result":{"message": "hi"},"stdout":"a\n","stderr":"","error":null,"status":"ok","id":"abc",)"
            R"("usage":{"wall_ms":0.4,"cpu_ms":0.3,"memory_peak_kb":812},)"
            R"("truncated":{"stdout":false,"stderr":false},"files":[],"denied":[]})");
}

TEST(Envelope, ShowsWhatTheScriptHasShownIfItWasAskedFor) {
  using Kind = engine::Representation::Kind;
  Outcome outcome = outcome_with(Status::kOk);
  EXPECT_FALSE(ordered_json::parse(envelope_json(outcome, "a")).contains("display"));
  outcome.display.emplace();
  auto envelope = ordered_json::parse(envelope_json(outcome, "a"));
  EXPECT_EQ(envelope.at("display").dump(), "[]");
  EXPECT_EQ(envelope.at("truncated").dump(), R"({"stdout":false,"stderr":false,"display":false})");
  EXPECT_FALSE(envelope.contains("display_skipped"));

  outcome.display->bundles = {
      {{"text/plain", Kind::kText, "{\"é\"}\n"}, {"image/png", Kind::kBinary, std::string("\0\xff", 2)}},
      {{"application/json", Kind::kJson, "{\"a\": 1}"}, {"text/html", Kind::kText, "<b>"}}};
  outcome.display->skipped = {{"text/latex", "it could not be made", false}};
  envelope = ordered_json::parse(envelope_json(outcome, "a"));
  EXPECT_EQ(envelope.at("display").dump(), R"([{"data":{"text/plain":"{\"é\"}\n","image/png":"AP8="}},)"
                                           R"({"data":{"application/json":{"a":1},"text/html":"<b>"}}])");
  EXPECT_EQ(envelope.at("truncated").at("display"), false);
  outcome.display->skipped.push_back({"", "too many for this answer", true});
  envelope = ordered_json::parse(envelope_json(outcome, "a"));
  EXPECT_EQ(envelope.at("truncated").at("display"), true);
  EXPECT_EQ(envelope.at("display_skipped").dump(),
            R"([{"reason":"it could not be made","type":"text/latex"},)"
            R"({"reason":"too many for this answer","type":null}])");
}

TEST(Envelope, OfAFaultHasNoResultAndKeepsTheOutput) {
  Outcome outcome = outcome_with(Status::kTimeout);
  outcome.result_json = "17";
  outcome.stdout_text = "so far";
  outcome.stdout_truncated = true;
  outcome.error = "Script execution timed out (30s limit)";
  const auto envelope = ordered_json::parse(envelope_json(outcome, "abc"));
  EXPECT_TRUE(envelope.at("result").is_null());
  EXPECT_EQ(envelope.at("stdout"), "so far");
  EXPECT_EQ(envelope.at("error"), outcome.error);
  EXPECT_EQ(envelope.at("status"), "timeout");
  EXPECT_EQ(envelope.at("truncated").dump(), R"({"stdout":true,"stderr":false})");
  EXPECT_FALSE(envelope.contains("exception"));
}

TEST(Envelope, ShowsWhatIsKnownOfAnException) {
  Outcome outcome = outcome_with(Status::kException);
  outcome.exception =
      engine::ExceptionInfo{"ValueError", "no \"x\"", "Traceback…", {}, {}, {}, {}, {}, {}, {}};
  EXPECT_EQ(ordered_json::parse(envelope_json(outcome, "a")).at("exception").dump(),
            R"({"type":"ValueError","message":"no \"x\"","traceback":"Traceback…","line":null})");
  outcome.status = Status::kSyntaxError;
  outcome.exception->line = 3;
  outcome.exception->column = 7;
  outcome.exception->end_line = 4;
  outcome.exception->end_column = 1;
  outcome.exception->text = "def main(";
  outcome.exception->file = "<script>";
  outcome.exception->hint = "close it";
  EXPECT_EQ(ordered_json::parse(envelope_json(outcome, "a")).at("exception").dump(),
            R"({"type":"ValueError","message":"no \"x\"","traceback":"Traceback…","line":3,"column":7,)"
            R"("end_line":4,"end_column":1,"text":"def main(","file":"<script>","hint":"close it"})");
}

TEST(Envelope, TellsWhatWasRefusedInTheOrderGiven) {
  Outcome outcome = outcome_with(Status::kTimeout);
  outcome.denied = {{"socket(AF_INET)", "network", "no network", 3}, {"/\"\xff", "tree", "not there", 1}};
  const auto denied = ordered_json::parse(envelope_json(outcome, "a")).at("denied");
  ASSERT_EQ(denied.size(), 2U);
  EXPECT_EQ(denied[0].dump(),
            R"j({"what":"socket(AF_INET)","rule":"network","reason":"no network","count":3})j");
  EXPECT_EQ(denied[1].at("what"), "/\"\xef\xbf\xbd");
}

TEST(Envelope, ReplacesWhatIsNotUtf8AndEscapesControls) {
  Outcome outcome = outcome_with(Status::kException);
  outcome.stdout_text = std::string("\xff\0\x1b", 3);
  outcome.error = "\xc3";
  const auto envelope = ordered_json::parse(envelope_json(outcome, "a"));
  EXPECT_EQ(envelope.at("stdout"), std::string("\xef\xbf\xbd\0\x1b", 5));
  EXPECT_EQ(envelope.at("error"), "\xef\xbf\xbd");
}

TEST(Envelope, SplicesALargeResultUnchanged) {
  Outcome outcome = outcome_with(Status::kOk);
  outcome.result_json = "\"" + std::string(16U << 20U, 'x') + "\"";
  const std::string text = envelope_json(outcome, "a");
  EXPECT_EQ(text.compare(10, outcome.result_json.size(), outcome.result_json), 0);
  EXPECT_LT(text.capacity(), outcome.result_json.size() + 1024);
}

TEST(Envelope, OfAnOverloadedServiceSaysWhy) {
  Outcome outcome = outcome_with(Status::kOverloaded);
  outcome.error = "Queue is full";
  EXPECT_EQ(envelope_json(outcome, "a"), R"({"error":"Queue is full","status":"overloaded"})");
}

TEST(Envelope, OfAnInternalErrorHidesTheReason) {
  Outcome outcome = outcome_with(Status::kInternalError);
  outcome.error = "clone3: EPERM in /srv/secret";
  EXPECT_EQ(envelope_json(outcome, "a1"), R"({"error":"Internal error","id":"a1"})");
}

TEST(Envelope, NeverHasNumbersThatAreNotJson) {
  Outcome outcome = outcome_with(Status::kOk);
  outcome.usage.wall_ms = 1e300 * 1e300;
  EXPECT_TRUE(ordered_json::accept(envelope_json(outcome, "a")));
}

}  // namespace
}  // namespace cellblock::service
