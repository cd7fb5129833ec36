#include "http/pending_execution.hpp"

#include <chrono>

#include "http/peer.hpp"

namespace cellblock::http {
namespace {

// How long the execution of a client that has left may go on, against the cost of looking.
constexpr std::chrono::milliseconds kLookInterval{150};

}  // namespace

PendingExecution::PendingExecution(net::any_io_executor executor, std::shared_ptr<CompletionGate> gate)
    : executor_(std::move(executor)), timer_(executor_), gate_(std::move(gate)) {}

engine::Completion PendingExecution::completion() {
  return [weak = weak_from_this(), gate = gate_](engine::Outcome outcome) {
    gate->pass([&weak, &outcome] {
      // The last owner may let go just now: `self` has to die before the gate is released.
      const auto self = weak.lock();
      if (!self) return;
      net::post(self->executor_, [self, outcome = std::move(outcome)]() mutable {
        self->outcome_ = std::move(outcome);
        self->timer_.cancel();
      });
    });
  };
}

net::awaitable<std::optional<engine::Outcome>> PendingExecution::wait(beast::tcp_stream& client) {
  while (!outcome_) {
    error_code cancelled;
    timer_.expires_after(kLookInterval);
    co_await timer_.async_wait(net::redirect_error(net::use_awaitable, cancelled));
    if (!outcome_ && peer_gone(client)) co_return std::nullopt;
  }
  co_return std::move(outcome_);
}

}  // namespace cellblock::http
