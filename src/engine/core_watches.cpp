// What the engine does by the clock: ready cells are warmed when nothing else is to be done, and jobs that no
// cell comes for are refused.
#include <algorithm>
#include <utility>

#include "engine/core.hpp"

namespace cellblock::engine {
namespace {

// Long enough that a client who sends one request after the other does not count as idle.
constexpr std::chrono::milliseconds kIdleBeforeWarming{30};
// Warming takes a cell some milliseconds of one CPU: a small machine is kept busy, not overrun.
constexpr std::chrono::milliseconds kBetweenWarmings{3};

}  // namespace

// While nothing runs and nothing waits, the ready cells are warmed one after the other, newest first.
void Core::watch_idleness() {
  const bool idle = running_.empty() && waiting_.empty() && !draining_;
  if (!idle) {
    idling_ = false;
    idle_timer_.cancel();
    return;
  }
  if (idling_) return;
  idling_ = true;
  idle_timer_.expires_after(kIdleBeforeWarming);
  const auto warm_next = [this](const auto& self) -> void {
    idle_timer_.async_wait([this, self](const boost::system::error_code& code) {
      if (code || !idling_) return;
      // With none left to warm this ends until the next job, or the next cell, sets it going again.
      if (std::none_of(stocks_.begin(), stocks_.end(), [](Stock& stock) { return stock.warm_one(); })) {
        idling_ = false;
        return;
      }
      idle_timer_.expires_after(kBetweenWarmings);
      self(self);
    });
  };
  warm_next(warm_next);
}

std::optional<Core::Clock::time_point> Core::starved_at(std::size_t pool) const {
  const Stock& stock = stocks_[pool];
  if (stock.able() || waiting_.size(pool) == 0) return std::nullopt;
  return std::max(waiting_.since(pool), stock.unable_since()) + options_.cell_wait;
}

void Core::watch_starvation() {
  if (watching_starvation_) return;
  std::optional<Clock::time_point> first;
  for (std::size_t pool = 0; pool < stocks_.size(); ++pool) {
    if (const auto at = starved_at(pool)) first = std::min(*at, first.value_or(*at));
  }
  if (!first) return;
  watching_starvation_ = true;
  starvation_timer_.expires_at(*first);
  starvation_timer_.async_wait([this](const boost::system::error_code& code) {
    if (code) return;
    watching_starvation_ = false;
    refuse_starved();
  });
}

void Core::refuse_starved() {
  const auto now = Clock::now();
  for (std::size_t pool = 0; pool < stocks_.size(); ++pool) {
    for (auto at = starved_at(pool); at && *at <= now; at = starved_at(pool)) {
      auto starved = waiting_.take_oldest([pool](std::size_t other) { return other == pool; });
      starved->second.done(overloaded("No cell can be made at the moment", when_to_retry()));
    }
  }
  serve();
  stop_if_drained();
}

}  // namespace cellblock::engine
