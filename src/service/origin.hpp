// Where an execution comes from, for the log and for whoever joins it to a trace.
#pragma once

#include <string>
#include <string_view>

namespace cellblock::service {

struct Origin {
  std::string caller{};      // the name of who asks, where names are known
  std::string request_id{};  // of the request that it came with
  std::string client{};      // the address that it came from
  std::string account{};     // whose turn it takes where requests have to wait
  // W3C Trace Context, checked: hexadecimal digits. Empty: the trace begins with the execution.
  std::string trace_id{};
  std::string parent_id{};    // the span of who asks
  std::string trace_flags{};  // as the client set those that version 00 knows
};

// The execution as a span of a trace, in the words of OpenTelemetry.
struct Span {
  std::string trace_id;   // 32 hexadecimal digits
  std::string span_id;    // 16
  std::string parent_id;  // 16, or none
  std::string flags;      // 2
};

// `id` is the execution's own: 32 random hexadecimal digits. The first half of it names the span. A trace
// that begins here has the name of its only execution, and counts as sampled, since each execution is logged.
[[nodiscard]] inline Span span_of(const Origin& origin, std::string_view id) {
  constexpr std::size_t kSpanDigits = 16;
  const std::string_view span = id.substr(0, kSpanDigits);
  if (origin.trace_id.empty()) return {std::string(id), std::string(span), {}, "01"};
  return {origin.trace_id, std::string(span), origin.parent_id, origin.trace_flags};
}

}  // namespace cellblock::service
