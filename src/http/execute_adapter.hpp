// POST /execute: the contract's wire format over the service.
#pragma once

#include <string>
#include <string_view>

#include "engine/execution.hpp"
#include "http/asio.hpp"
#include "http/reply.hpp"
#include "http/routes.hpp"

namespace cellblock::http {

[[nodiscard]] net::awaitable<Reply> execute(Exchange& exchange);

// Only the parts that can be tested without a connection.
[[nodiscard]] bool is_json_content_type(std::string_view value);
// Why a body with these header fields can't be read; empty when it can.
[[nodiscard]] std::string fault_of_content(const Request& request);
[[nodiscard]] Reply reply_for(const engine::Outcome& outcome, std::string_view id);

// False: the status says that the script can't have run.
[[nodiscard]] bool may_run(engine::Status status);

// The same for one that never reached the engine, which would have logged and counted it.
[[nodiscard]] Reply refused_reply(const engine::Outcome& outcome, std::string_view id);

}  // namespace cellblock::http
