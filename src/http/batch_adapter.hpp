// POST /batch: many executions in one request, answered line by line in the order of the request.
//
//   requests ──▶ window of so many executions ──▶ line ──▶ line ──▶ …
//
// Each entry is an execution as any other and takes its turn in the queue. A batch has only so many under way
// at once, so that other clients are served beside it; one that has ended counts until its line is sent, so
// that answers which wait for a slow one before them can't pile up.
#pragma once

#include "http/asio.hpp"
#include "http/reply.hpp"
#include "http/routes.hpp"

namespace cellblock::http {

[[nodiscard]] net::awaitable<Reply> batch(Exchange& exchange);

// The line of one entry: {"index", "http", "answer"}, and "retry_after" where such a header would be.
[[nodiscard]] std::string batch_line(std::size_t index, Reply reply);

}  // namespace cellblock::http
