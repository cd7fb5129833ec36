// From a handler's reply to the message on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/asio.hpp"
#include "http/reply.hpp"

namespace cellblock::http {

// What the request decides about its answer's form.
struct Framing {
  unsigned version = 11;  // as Beast counts: 10 or 11
  bool head = false;      // header only
  bool keep_alive = false;
  std::string request_id;
  std::string allow_origin{};  // the pages that may read this
  bool vary_origin = false;    // that depends on who asks
};

using Response = bhttp::response<bhttp::string_body>;

// The response to a HEAD still carries the body, for its length; the caller writes the header only.
[[nodiscard]] Response make_response(Reply reply, const Framing& framing);

// Status line and fields, with the empty line that ends them.
[[nodiscard]] std::string header_text(const Response& response);

// The answer to a request that could not be read; no status (bhttp::status::unknown) when the connection
// itself has failed and there is nobody to answer. `begun`: the first line was read; else `unparsed` begins
// with it. 400, 408, 414, 431, 505.
[[nodiscard]] Reply reply_for_header_fault(const error_code& fault, bool begun, std::string_view unparsed);
// 400, 408, 413, 431.
[[nodiscard]] Reply reply_for_body_fault(const error_code& fault, std::uint64_t body_limit);

}  // namespace cellblock::http
