#include "engine/queue.hpp"

#include <algorithm>

namespace cellblock::engine {

void Queue::add(Ticket ticket, Task task) {
  Pool& pool = pools_[std::min(task.job.pool, pools_.size() - 1)];
  enter(task.job.caller, ticket, task.round);
  pool.turns.emplace(task.round, ticket);
  pool.tasks.emplace(ticket, std::move(task));
  ++size_;
}

Queue::Taken Queue::take(Ticket ticket) {
  for (Pool& pool : pools_) {
    auto node = pool.tasks.extract(ticket);
    if (!node) continue;
    pool.turns.erase({node.mapped().round, ticket});
    leave(node.mapped().job.caller, ticket);
    --size_;
    return std::pair{ticket, std::move(node.mapped())};
  }
  return std::nullopt;
}

Queue::Taken Queue::take_next(const Can& can) {
  const std::pair<std::uint64_t, Ticket>* next = nullptr;
  for (std::size_t number = 0; number < pools_.size(); ++number) {
    const auto& turns = pools_[number].turns;
    if (turns.empty() || (next != nullptr && *next < *turns.begin())) continue;
    if (can(number)) next = &*turns.begin();
  }
  if (next == nullptr) return std::nullopt;
  round_ = std::max(round_, next->first);
  return take(next->second);
}

Queue::Taken Queue::take_oldest(const Can& can) {
  std::optional<Ticket> oldest;
  for (std::size_t number = 0; number < pools_.size(); ++number) {
    const auto& tasks = pools_[number].tasks;
    if (tasks.empty() || (oldest && *oldest < tasks.begin()->first)) continue;
    if (can(number)) oldest = tasks.begin()->first;
  }
  return oldest ? take(*oldest) : std::nullopt;
}

Queue::Taken Queue::take_excess(Ticket newcomer, const std::string& caller) {
  const auto own = callers_.find(caller);
  // It may have found a cell already.
  if (own == callers_.end() || !own->second.tickets.contains(newcomer)) return std::nullopt;
  const auto& [most, name] = *by_number_.rbegin();
  if (own->second.tickets.size() == most) return take(newcomer);
  return take(*callers_.at(name).tickets.rbegin());
}

void Queue::enter(const std::string& name, Ticket ticket, std::uint64_t& round) {
  Caller& caller = callers_[name];
  by_number_.erase({caller.tickets.size(), name});
  if (round == 0) {
    round = std::max(round_, caller.last_round) + 1;
    caller.last_round = round;
  }
  caller.tickets.insert(ticket);
  by_number_.emplace(caller.tickets.size(), name);
}

void Queue::leave(const std::string& name, Ticket ticket) {
  const auto found = callers_.find(name);
  auto& tickets = found->second.tickets;
  by_number_.erase({tickets.size(), name});
  tickets.erase(ticket);
  if (tickets.empty()) {
    callers_.erase(found);
  } else {
    by_number_.emplace(tickets.size(), name);
  }
}

}  // namespace cellblock::engine
