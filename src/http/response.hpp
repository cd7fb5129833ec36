// From a handler's reply to the message on the wire.
#pragma once

#include <string>

#include "http/asio.hpp"
#include "http/reply.hpp"

namespace cellblock::http {

// What the request decides about its answer's form.
struct Framing {
  unsigned version = 11;  // as Beast counts: 10 or 11
  bool head = false;      // header only
  bool keep_alive = false;
  std::string request_id;
};

using Response = bhttp::response<bhttp::string_body>;

// The response to a HEAD still carries the body, for its length; the caller writes the header only.
[[nodiscard]] Response make_response(Reply reply, const Framing& framing);

// The answer to a request that could not be read: 413, 431 or 400; no status (bhttp::status::unknown) when
// the connection itself has failed and there is nobody to answer.
[[nodiscard]] Reply reply_for_fault(const error_code& fault, std::uint64_t max_body_bytes);

}  // namespace cellblock::http
