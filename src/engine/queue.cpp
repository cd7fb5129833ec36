#include "engine/queue.hpp"

#include <algorithm>

namespace cellblock::engine {

void Queue::add(Ticket ticket, Task task) {
  auto& waiting = pools_[std::min(task.job.pool, pools_.size() - 1)];
  waiting.emplace(ticket, std::move(task));
}

Queue::Taken Queue::take(Ticket ticket) {
  for (auto& waiting : pools_) {
    if (auto node = waiting.extract(ticket)) return std::pair{ticket, std::move(node.mapped())};
  }
  return std::nullopt;
}

Queue::Taken Queue::take_oldest(const std::function<bool(std::size_t pool)>& can) {
  const std::map<Ticket, Task>* oldest = nullptr;
  for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
    const auto& waiting = pools_[pool];
    if (waiting.empty() || (oldest != nullptr && oldest->begin()->first < waiting.begin()->first)) continue;
    if (can(pool)) oldest = &waiting;
  }
  return oldest == nullptr ? std::nullopt : take(oldest->begin()->first);
}

std::size_t Queue::size() const {
  std::size_t all = 0;
  for (const auto& waiting : pools_) all += waiting.size();
  return all;
}

}  // namespace cellblock::engine
