// What is refused by its header alone, before a body is read and whatever the route.
#pragma once

#include <optional>

#include "http/asio.hpp"
#include "http/reply.hpp"

namespace cellblock::http {

// A reply to send instead of going on; the connection closes after it, as the body has not been read.
// Rules about who may ask at all (Origin, Host names) belong here.
[[nodiscard]] std::optional<Reply> refuse_by_header(const bhttp::request_header<>& header);

// The client waits for a word before it sends the body.
[[nodiscard]] bool expects_continue(const bhttp::request_header<>& header);

}  // namespace cellblock::http
