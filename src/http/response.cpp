#include "http/response.hpp"

#include <array>
#include <ctime>

namespace cellblock::http {
namespace {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  // The names are English in the "C" locale, which a server never leaves.
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

Reply refusal(bhttp::status status, std::string_view error) {
  Reply reply = error_reply(status, error, "invalid_request");
  reply.close = true;
  return reply;
}

// A well-formed first line of a version that is not served; garbage has no version at all.
bool other_version(std::string_view text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const auto space = line.rfind(' ');
  if (space == std::string_view::npos || !line.substr(space + 1).starts_with("HTTP/")) return false;
  const std::string_view number = line.substr(space + 6);
  return !number.empty() && number != "1.0" && number != "1.1" &&
         number.find_first_not_of("0123456789.") == std::string_view::npos;
}

// What can go wrong in any part of a request.
Reply any_fault(const error_code& fault) {
  if (fault == beast::error::timeout) {
    return refusal(bhttp::status::request_timeout, "The request did not arrive in time");
  }
  if (fault == net::error::eof) {
    return refusal(bhttp::status::bad_request, "Malformed HTTP request: it ends too early");
  }
  if (fault == bhttp::error::header_limit) {
    return refusal(bhttp::status::request_header_fields_too_large, "Request header is too large");
  }
  if (fault.category() == bhttp::make_error_code(bhttp::error::bad_method).category()) {
    return refusal(bhttp::status::bad_request, "Malformed HTTP request: " + fault.message());
  }
  Reply nobody;
  nobody.status = bhttp::status::unknown;
  return nobody;
}

}  // namespace

Response make_response(Reply reply, const Framing& framing) {
  Response response;
  response.version(framing.version);
  response.result(reply.status);
  response.set(bhttp::field::server, "cellblock");
  response.set(bhttp::field::date, http_date());
  response.set(bhttp::field::content_type, reply.content_type);
  response.set(bhttp::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Request-Id", framing.request_id);
  if (!reply.allow.empty()) response.set(bhttp::field::allow, reply.allow);
  if (reply.retry_after.count() > 0) {
    response.set(bhttp::field::retry_after, std::to_string(reply.retry_after.count()));
  }
  if (framing.vary_origin) response.set(bhttp::field::vary, "Origin");
  if (!framing.allow_origin.empty()) {
    response.set(bhttp::field::access_control_allow_origin, framing.allow_origin);
    response.set(
        bhttp::field::access_control_expose_headers,
        "Idempotency-Replayed, Retry-After, Server-Timing, WWW-Authenticate, X-Request-Id, traceresponse");
  }
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.keep_alive(framing.keep_alive);
  response.body() = std::move(reply.body);
  response.prepare_payload();
  return response;
}

std::string header_text(const Response& response) {
  std::string text = response.version() >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ";
  text.append(std::to_string(response.result_int())).append(" ").append(as_view(response.reason()));
  for (const auto& field : response) {
    text.append("\r\n").append(as_view(field.name_string())).append(": ").append(as_view(field.value()));
  }
  return text + "\r\n\r\n";
}

Reply reply_for_header_fault(const error_code& fault, bool begun, std::string_view unparsed) {
  if (fault == bhttp::error::header_limit && !begun) {
    return refusal(bhttp::status::uri_too_long, "Request line is too long");
  }
  if (fault == bhttp::error::bad_version && !begun && other_version(unparsed)) {
    return refusal(bhttp::status::http_version_not_supported, "HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  return any_fault(fault);
}

Reply reply_for_body_fault(const error_code& fault, std::uint64_t body_limit) {
  if (fault == bhttp::error::body_limit) {
    return refusal(bhttp::status::payload_too_large,
                   "Request body is larger than " + std::to_string(body_limit) + " bytes");
  }
  return any_fault(fault);
}

}  // namespace cellblock::http
