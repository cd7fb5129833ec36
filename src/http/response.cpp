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

}  // namespace

Response make_response(Reply reply, const Framing& framing) {
  Response response;
  response.version(framing.version);
  response.result(reply.status);
  response.set(bhttp::field::server, "cellblock");
  response.set(bhttp::field::date, http_date());
  response.set(bhttp::field::content_type, "application/json");
  response.set(bhttp::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Request-Id", framing.request_id);
  if (!reply.allow.empty()) response.set(bhttp::field::allow, reply.allow);
  if (reply.retry_after.count() > 0) {
    response.set(bhttp::field::retry_after, std::to_string(reply.retry_after.count()));
  }
  response.keep_alive(framing.keep_alive);
  response.body() = std::move(reply.body);
  response.prepare_payload();
  return response;
}

Reply reply_for_fault(const error_code& fault, std::uint64_t max_body_bytes) {
  Reply reply;
  if (fault == bhttp::error::body_limit) {
    reply = error_reply(bhttp::status::payload_too_large,
                        "Request body is larger than " + std::to_string(max_body_bytes) + " bytes",
                        "invalid_request");
  } else if (fault == bhttp::error::header_limit || fault == bhttp::error::buffer_overflow) {
    reply = error_reply(bhttp::status::request_header_fields_too_large, "Request header is too large",
                        "invalid_request");
  } else if (fault != bhttp::error::end_of_stream && fault != bhttp::error::partial_message &&
             fault.category() == bhttp::make_error_code(bhttp::error::bad_method).category()) {
    reply = error_reply(bhttp::status::bad_request, "Malformed HTTP request: " + fault.message(),
                        "invalid_request");
  } else {
    reply.status = bhttp::status::unknown;
  }
  reply.close = true;
  return reply;
}

}  // namespace cellblock::http
