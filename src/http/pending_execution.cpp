#include "http/pending_execution.hpp"

#include <chrono>

namespace cellblock::http {
namespace {

// How long the execution of a client that has left may go on, against the cost of looking.
constexpr std::chrono::milliseconds kLookInterval{150};
// A closed client has answered by then. One that has only half closed can leave later without a word, and is
// asked again from time to time.
constexpr std::chrono::milliseconds kAnswerToProvocation{100};
constexpr std::chrono::milliseconds kProvokeInterval{1000};

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
        self->wake();
      });
    });
  };
}

std::function<void()> PendingExecution::waker() {
  return [weak = weak_from_this(), gate = gate_] {
    gate->pass([&weak] {
      const auto self = weak.lock();
      if (self) net::post(self->executor_, [self] { self->wake(); });
    });
  };
}

void PendingExecution::wake() {
  news_ = true;
  timer_.cancel();
}

net::awaitable<void> PendingExecution::pause(std::chrono::milliseconds most) {
  if (!std::exchange(news_, false)) {
    error_code cancelled;
    timer_.expires_after(most);
    co_await timer_.async_wait(net::redirect_error(net::use_awaitable, cancelled));
    news_ = false;
  }
}

net::awaitable<std::optional<engine::Outcome>> PendingExecution::wait(tcp::socket& client, bool may_provoke,
                                                                      std::string_view meaningless) {
  std::chrono::milliseconds interval = kLookInterval;
  while (!outcome_) {
    co_await pause(interval);
    if (outcome_) break;
    const auto next = look(client, may_provoke, meaningless);
    if (!next) co_return std::nullopt;
    interval = *next;
  }
  co_return std::move(outcome_);
}

std::optional<std::chrono::milliseconds> PendingExecution::look(tcp::socket& client, bool may_provoke,
                                                                std::string_view meaningless) {
  switch (look_at_peer(client)) {
    case Peer::kListens:
      return kLookInterval;
    case Peer::kGone:
      return std::nullopt;
    case Peer::kHalfClosed:
      break;
  }
  // HTTP/1.0 has no interim answers, and TLS no bytes outside of it: the client that has most likely left
  // must end its execution.
  if (!may_provoke) return std::nullopt;
  provoked_ = !provoked_;
  if (!provoked_) return kProvokeInterval;
  if (!provoke_peer(client, meaningless)) return std::nullopt;
  return kAnswerToProvocation;
}

}  // namespace cellblock::http
