// POST /execute with an Idempotency-Key: who asks again, on another connection or at the same time, gets the
// answer of the first execution instead of a second one.
#pragma once

#include <string_view>

#include "http/asio.hpp"
#include "http/reply.hpp"
#include "http/routes.hpp"

namespace cellblock::http {

inline constexpr std::string_view kIdempotencyKey = "Idempotency-Key";

[[nodiscard]] inline bool has_idempotency_key(const Request& request) {
  return request.count({kIdempotencyKey.data(), kIdempotencyKey.size()}) > 0;
}

// 1 to 255 visible ASCII characters.
[[nodiscard]] bool is_idempotency_key(std::string_view key);

// Precondition: has_idempotency_key(), and the body is said to be JSON.
[[nodiscard]] net::awaitable<Reply> execute_once(Exchange& exchange, const std::string& id);

}  // namespace cellblock::http
