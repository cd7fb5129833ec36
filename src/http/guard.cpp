#include "http/guard.hpp"

namespace cellblock::http {
namespace {

Reply refusal(bhttp::status status, std::string_view error) {
  Reply reply = error_reply(status, error, "invalid_request");
  reply.close = true;
  return reply;
}

}  // namespace

std::optional<Reply> refuse_by_header(const bhttp::request_header<>& header) {
  if (header.version() >= 11 && header.count(bhttp::field::host) != 1) {
    return refusal(bhttp::status::bad_request, "A request needs exactly one Host header");
  }
  // Beast takes a body with another coding for an empty one, and its bytes for the next request.
  for (auto [at, end] = header.equal_range(bhttp::field::transfer_encoding); at != end; ++at) {
    if (!beast::iequals(at->value(), "chunked")) {
      return refusal(bhttp::status::not_implemented, "Transfer-Encoding must be chunked");
    }
  }
  if (header.count(bhttp::field::transfer_encoding) > 1) {
    return refusal(bhttp::status::bad_request, "Transfer-Encoding is given twice");
  }
  // HTTP/1.0 has no chunks: whoever passed this on took the body's end for somewhere else.
  if (header.version() < 11 && header.count(bhttp::field::transfer_encoding) > 0) {
    return refusal(bhttp::status::bad_request, "HTTP/1.0 has no Transfer-Encoding");
  }
  // Beast takes several lengths that agree. Not everybody on the way does.
  if (header.count(bhttp::field::content_length) > 1 ||
      header[bhttp::field::content_length].find(',') != beast::string_view::npos) {
    return refusal(bhttp::status::bad_request, "Content-Length is given twice");
  }
  if (header.count(bhttp::field::expect) > 0 && !expects_continue(header) && header.version() >= 11) {
    return refusal(bhttp::status::expectation_failed, "Expect must be 100-continue");
  }
  return std::nullopt;
}

bool expects_continue(const bhttp::request_header<>& header) {
  return header.version() >= 11 && beast::iequals(header[bhttp::field::expect], "100-continue");
}

}  // namespace cellblock::http
