// The two forms of a streamed answer: server-sent events and lines of JSON. Both say the same:
//
//   event     data
//   stdout    a string; so does stderr
//   display   {"data": {MIME type: …}}
//   result    the body of the plain answer, with "http_status" in front
//
// A server-sent event has its name in `event:` and its data as one line of JSON in `data:`; a line is
// {"event": name, "data": data}. A heartbeat is a comment here and {"event": "heartbeat"} there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/live.hpp"
#include "http/reply.hpp"

namespace cellblock::http {

enum class StreamForm : std::uint8_t { kNone, kEvents, kLines };

// What the Accept header prefers: the form with the highest quality value, the first of equals; kNone for
// JSON, and for whatever is not spoken here.
[[nodiscard]] StreamForm wanted_form(std::string_view accept);
[[nodiscard]] std::string_view stream_content_type(StreamForm form);

// Nothing for kStarted.
void append_event(std::string& text, StreamForm form, const engine::LiveEvent& event);
void append_heartbeat(std::string& text, StreamForm form);
// The last event, from the plain answer, whose body is a JSON object that is not empty.
[[nodiscard]] std::string result_event(StreamForm form, const Reply& reply);

}  // namespace cellblock::http
