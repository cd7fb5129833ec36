// The jobs that wait for a cell. Belongs to the engine's thread.
//
// Callers take turns: the jobs of one are in rounds that follow each other, and the lowest round goes first,
// the older job first within it. So who sends two hundred jobs at once has one of them in each round, and
// whoever comes then is in the next one.
//
//   caller a   1  2  3  4  5  …       taken: a1, a2 | b comes | a3, b3, a4, b4, a5, …
//   caller b         3  4
//
// What is kept of a caller goes with its last waiting job, so all of it is bounded by the number of jobs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
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
  std::uint64_t round = 0;  // the queue's; a job that comes back has its turn still
};

class Queue {
 public:
  using Taken = std::optional<std::pair<Ticket, Task>>;
  using Can = std::function<bool(std::size_t pool)>;

  explicit Queue(std::size_t pools) : pools_(pools) {}

  // A job of a pool that there is none of waits in the last one.
  void add(Ticket ticket, Task task);
  Taken take(Ticket ticket);
  // The one whose turn it is, of those whose pool `can` serve.
  Taken take_next(const Can& can);
  // The one that came first, whosever it is.
  Taken take_oldest(const Can& can);
  // The one to refuse when this job of this caller, which was added last, is one too many: the newest of the
  // caller who has the most. That is this one, unless somebody has more than its caller.
  Taken take_excess(Ticket newcomer, const std::string& caller);

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t size(std::size_t pool) const { return pools_[pool].tasks.size(); }
  // How many callers have jobs here.
  [[nodiscard]] std::size_t callers() const { return callers_.size(); }
  // Since when the oldest job of this pool has waited; it must have one.
  [[nodiscard]] std::chrono::steady_clock::time_point since(std::size_t pool) const {
    return pools_[pool].tasks.begin()->second.since;
  }

 private:
  struct Pool {
    std::map<Ticket, Task> tasks{};
    std::set<std::pair<std::uint64_t, Ticket>> turns{};  // round and ticket of each
  };
  struct Caller {
    std::uint64_t last_round = 0;
    std::set<Ticket> tickets{};
  };

  void enter(const std::string& name, Ticket ticket, std::uint64_t& round);
  void leave(const std::string& name, Ticket ticket);

  std::vector<Pool> pools_;
  std::map<std::string, Caller> callers_;
  std::set<std::pair<std::size_t, std::string>> by_number_;  // of jobs, with the caller's name
  std::size_t size_ = 0;
  std::uint64_t round_ = 0;  // of the job that was taken last
};

}  // namespace cellblock::engine
