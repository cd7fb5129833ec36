#include "http/trace_context.hpp"

#include <algorithm>

namespace cellblock::http {
namespace {

constexpr const char* kTraceParent = "traceparent";
// version "-" trace-id "-" parent-id "-" flags
constexpr std::size_t kTraceId = 3;
constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kParentId = 36;
constexpr std::size_t kParentDigits = 16;
constexpr std::size_t kFlags = 53;
constexpr std::size_t kLength = 55;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

// The one flag that version 00 defines, sampled, is the lowest bit.
std::string known_flags(std::string_view flags) {
  const char digit = flags.back();
  const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
  return value % 2 == 1 ? "01" : "00";
}

}  // namespace

std::optional<service::Origin> parse_traceparent(std::string_view value) {
  if (value.size() < kLength) return std::nullopt;
  const std::string_view version = value.substr(0, 2);
  if (!is_hex(version) || version == "ff") return std::nullopt;
  // A later version may have more behind another dash.
  if (value.size() > kLength && (version == "00" || value[kLength] != '-')) return std::nullopt;
  if (value[kTraceId - 1] != '-' || value[kParentId - 1] != '-' || value[kFlags - 1] != '-')
    return std::nullopt;
  const std::string_view trace = value.substr(kTraceId, kTraceDigits);
  const std::string_view parent = value.substr(kParentId, kParentDigits);
  const std::string_view flags = value.substr(kFlags, 2);
  if (!is_id(trace) || !is_id(parent) || !is_hex(flags)) return std::nullopt;
  service::Origin origin;
  origin.trace_id = trace;
  origin.parent_id = parent;
  origin.trace_flags = known_flags(flags);
  return origin;
}

service::Origin origin_of(const bhttp::request_header<>& header, std::string caller) {
  std::optional<service::Origin> given;
  if (header.count(kTraceParent) == 1) given = parse_traceparent(as_view(header[kTraceParent]));
  service::Origin origin = std::move(given).value_or(service::Origin{});
  origin.caller = std::move(caller);
  return origin;
}

std::string trace_response(const service::Origin& origin, std::string_view id) {
  const service::Span span = service::span_of(origin, id);
  return "00-" + span.trace_id + "-" + span.span_id + "-" + span.flags;
}

}  // namespace cellblock::http
