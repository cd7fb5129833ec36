#include "http/stream_form.hpp"

#include <algorithm>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "service/display_json.hpp"

namespace cellblock::http {
namespace {

constexpr std::string_view kEventsType = "text/event-stream";
constexpr std::string_view kLinesType = "application/x-ndjson";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return low;
}

// The part of `text` up to `mark`, which is taken off with it.
std::string_view take_until(std::string_view& text, char mark) {
  const auto end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(part);
}

// In thousandths, from ";q=0.5"; one where it is not given, zero where it is no number.
int quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string parameter = lower(take_until(parameters, ';'));
    if (parameter.starts_with("q=")) {
      return static_cast<int>(std::clamp(std::strtod(parameter.c_str() + 2, nullptr), 0.0, 1.0) * 1000);
    }
  }
  return 1000;
}

// Line ends can only be between the tokens of strict JSON; in a stream they would end the event.
void append_in_one_line(std::string& text, std::string_view json) {
  const std::size_t begin = text.size();
  text.append(json);
  std::replace_if(
      text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void begin_event(std::string& text, StreamForm form, std::string_view name) {
  if (form == StreamForm::kEvents) {
    text.append("event: ").append(name).append("\ndata: ");
  } else {
    text.append("{\"event\":\"").append(name).append("\",\"data\":");
  }
}

void end_event(std::string& text, StreamForm form) {
  text.append(form == StreamForm::kEvents ? "\n\n" : "}\n");
}

}  // namespace

StreamForm wanted_form(std::string_view accept) {
  StreamForm wanted = StreamForm::kNone;
  int best = 0;
  while (!accept.empty()) {
    std::string_view range = take_until(accept, ',');
    const std::string type = lower(take_until(range, ';'));
    const bool json = type == "application/json" || type == "application/*" || type == "*/*";
    if (!json && type != kEventsType && type != kLinesType) continue;
    if (const int value = quality(range); value > best) {
      best = value;
      wanted = json ? StreamForm::kNone : type == kEventsType ? StreamForm::kEvents : StreamForm::kLines;
    }
  }
  return wanted;
}

std::string_view stream_content_type(StreamForm form) {
  return form == StreamForm::kEvents ? kEventsType : kLinesType;
}

void append_event(std::string& text, StreamForm form, const engine::LiveEvent& event) {
  using Kind = engine::LiveEvent::Kind;
  if (event.kind == Kind::kStarted) return;
  if (event.kind == Kind::kDisplay) {
    begin_event(text, form, "display");
    std::string bundle;
    service::append_bundle(bundle, event.bundle);
    append_in_one_line(text, bundle);
  } else {
    begin_event(text, form, event.kind == Kind::kStdout ? "stdout" : "stderr");
    using nlohmann::json;
    text += json(event.text).dump(-1, ' ', false, json::error_handler_t::replace);
  }
  end_event(text, form);
}

void append_heartbeat(std::string& text, StreamForm form) {
  text += form == StreamForm::kEvents ? ": heartbeat\n\n" : "{\"event\":\"heartbeat\"}\n";
}

std::string result_event(StreamForm form, const Reply& reply) {
  std::string text;
  text.reserve(reply.body.size() + 128);
  begin_event(text, form, "result");
  text.append("{\"http_status\":").append(std::to_string(static_cast<unsigned>(reply.status))).append(",");
  if (reply.retry_after.count() > 0) {
    text.append("\"retry_after\":").append(std::to_string(reply.retry_after.count())).append(",");
  }
  append_in_one_line(text, std::string_view(reply.body).substr(1));
  end_event(text, form);
  return text;
}

}  // namespace cellblock::http
