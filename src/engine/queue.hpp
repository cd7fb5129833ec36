// The jobs that wait for a cell, oldest first in each pool. Belongs to the engine's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

namespace cellblock::engine {

struct Task {
  Job job;
  Completion done;
  std::chrono::steady_clock::time_point since;
  Listener listener{};
  int attempts = 0;
};

class Queue {
 public:
  using Taken = std::optional<std::pair<Ticket, Task>>;

  explicit Queue(std::size_t pools) : pools_(pools) {}

  // A job of a pool that there is none of waits in the last one.
  void add(Ticket ticket, Task task);
  Taken take(Ticket ticket);
  // The oldest of those whose pool `can` serve.
  Taken take_oldest(const std::function<bool(std::size_t pool)>& can);

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t size(std::size_t pool) const { return pools_[pool].size(); }
  // Since when the oldest job of this pool has waited; it must have one.
  [[nodiscard]] std::chrono::steady_clock::time_point since(std::size_t pool) const {
    return pools_[pool].begin()->second.since;
  }

 private:
  std::vector<std::map<Ticket, Task>> pools_;
};

}  // namespace cellblock::engine
