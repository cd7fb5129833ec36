// Streams one execution: what comes out of it as it comes, then its outcome.
//
//   waiting ──started──▶ streaming ──outcome──▶ result event, end
//      │                    │ nothing to tell: heartbeat
//      └─ refused: the      └─ client gone or too slow, no memory: cancel
//         plain answer
#pragma once

#include <memory>

#include "engine/engine.hpp"
#include "http/asio.hpp"
#include "http/live_feed.hpp"
#include "http/pending_execution.hpp"
#include "http/routes.hpp"
#include "http/stream_form.hpp"

namespace cellblock::http {

// For ExecutionService::submit. Holds the feed alive, and the connection's objects not.
[[nodiscard]] engine::Listener listener_of(std::shared_ptr<LiveFeed> feed, PendingExecution& pending);

// The reply is for the session to send when the exchange's stream has not begun.
[[nodiscard]] net::awaitable<Reply> stream_execution(Exchange& exchange, StreamForm form,
                                                     engine::Ticket ticket, LiveFeed& feed,
                                                     PendingExecution& pending, std::string_view id);

}  // namespace cellblock::http
