// W3C Trace Context: which trace a request belongs to, and what its answer tells about that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/asio.hpp"
#include "service/origin.hpp"

namespace cellblock::http {

inline constexpr const char* kTraceResponse = "traceresponse";

// What one traceparent says, into the fields of an Origin. Nothing for one that the specification calls
// invalid: of an unknown version only what version 00 defines is read.
[[nodiscard]] std::optional<service::Origin> parse_traceparent(std::string_view value);

// The origin of a request. Without a traceparent, with an invalid one or with several, its trace begins here,
// as the specification demands. `tracestate` is not looked at: nothing is sent on that it could go with.
[[nodiscard]] service::Origin origin_of(const bhttp::request_header<>& header, std::string caller);

// "00-trace-span-flags": what the answer tells about the span of the execution `id`.
[[nodiscard]] std::string trace_response(const service::Origin& origin, std::string_view id);

}  // namespace cellblock::http
