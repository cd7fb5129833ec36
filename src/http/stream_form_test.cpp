#include "http/stream_form.hpp"

#include <gtest/gtest.h>

namespace cellblock::http {
namespace {

using engine::LiveEvent;
using Kind = LiveEvent::Kind;

std::string event_text(StreamForm form, const LiveEvent& event) {
  std::string text;
  append_event(text, form, event);
  return text;
}

TEST(StreamForm, IsWhatTheClientPrefers) {
  for (const char* accept :
       {"text/event-stream", "Text/Event-Stream", " text/event-stream ; charset=utf-8 ",
        "text/event-stream, application/json", "application/json;q=0.5, text/event-stream",
        "text/html, text/event-stream, */*"}) {
    EXPECT_EQ(wanted_form(accept), StreamForm::kEvents) << accept;
  }
  for (const char* accept : {"application/x-ndjson", "application/x-ndjson, text/event-stream",
                             "text/event-stream;q=0.1,application/x-ndjson;q=0.2"}) {
    EXPECT_EQ(wanted_form(accept), StreamForm::kLines) << accept;
  }
  for (const char* accept : {"", "*/*", "application/json", "application/json, text/event-stream",
                             "text/event-stream;q=0", "application/*, application/x-ndjson",
                             "text/event-streams", "text/*", ",;,", "text/event-stream;q=x"}) {
    EXPECT_EQ(wanted_form(accept), StreamForm::kNone) << accept;
  }
}

TEST(StreamForm, WritesEventsThatEndAtTheirEndOnly) {
  const LiveEvent out{Kind::kStdout, "a\n\nevent: result\r\n\"é\"", {}};
  EXPECT_EQ(event_text(StreamForm::kEvents, out),
            "event: stdout\ndata: \"a\\n\\nevent: result\\r\\n\\\"é\\\"\"\n\n");
  EXPECT_EQ(event_text(StreamForm::kLines, out),
            "{\"event\":\"stdout\",\"data\":\"a\\n\\nevent: result\\r\\n\\\"é\\\"\"}\n");
  EXPECT_EQ(event_text(StreamForm::kLines, {Kind::kStderr, "x", {}}),
            "{\"event\":\"stderr\",\"data\":\"x\"}\n");
  EXPECT_EQ(event_text(StreamForm::kLines, {}), "");
}

TEST(StreamForm, KeepsJsonOfACellInOneLine) {
  const LiveEvent shown{
      Kind::kDisplay, {}, {{"application/json", engine::Representation::Kind::kJson, "[1,\n\r\n2]"}}};
  EXPECT_EQ(event_text(StreamForm::kEvents, shown),
            "event: display\ndata: {\"data\":{\"application/json\":[1,   2]}}\n\n");
  Reply reply;
  reply.body = "{\"result\":[1,\n\n2]}";
  EXPECT_EQ(result_event(StreamForm::kLines, reply),
            "{\"event\":\"result\",\"data\":{\"http_status\":200,\"result\":[1,  2]}}\n");
}

TEST(StreamForm, TellsTheCodeAndWhenToRetry) {
  Reply reply = busy_reply("why", std::chrono::seconds(3));
  EXPECT_EQ(result_event(StreamForm::kEvents, reply),
            "event: result\ndata: {\"http_status\":503,\"retry_after\":3,\"error\":\"why\",\"status\":"
            "\"overloaded\"}\n\n");
}

TEST(StreamForm, HasAHeartbeat) {
  std::string text;
  append_heartbeat(text, StreamForm::kEvents);
  append_heartbeat(text, StreamForm::kLines);
  EXPECT_EQ(text, ": heartbeat\n\n{\"event\":\"heartbeat\"}\n");
}

}  // namespace
}  // namespace cellblock::http
