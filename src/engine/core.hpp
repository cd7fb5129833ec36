// The engine's rules, free of threads: everything here happens on the one thread that runs the context.
//
//   submit ──▶ waiting ──▶ running ──▶ judge ──▶ done
//                │            │
//                │            └─ deadline, cancel, shutdown: end the cell, then await its report
//                └─ cancel, no cell for too long, shutdown
//
// A job is in exactly one of `waiting_` and `running_`, and whoever takes it out calls `done`: that is
// what makes the answer come exactly once.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/engine.hpp"
#include "engine/judge.hpp"
#include "engine/queue.hpp"
#include "engine/retired_cells.hpp"
#include "engine/retry_after.hpp"
#include "engine/stock.hpp"

namespace cellblock::engine {

class Core {
 public:
  using Clock = std::chrono::steady_clock;

  struct Events {
    std::function<void(Snapshot)> changed;
    std::function<void()> stopped;  // once, after a drain: the backend holds nothing any more
  };

  // `context` and `backend` must outlive this object, and no handler may run after it is gone.
  Core(boost::asio::io_context& context, Backend& backend, EngineOptions options, Events events);

  // Makes the first cells.
  void start();
  // Tickets grow: of one caller's jobs the lower one waits in front.
  void submit(Ticket ticket, Job job, Completion done, Listener listener = {});
  void resume(Ticket ticket);
  void cancel(Ticket ticket);
  void set_max_queued(std::uint32_t most) { max_queued_ = most; }
  void drain(Clock::time_point until);

 private:
  struct Running {
    Running(Task given, std::unique_ptr<Cell> taken, boost::asio::io_context& context)
        : task(std::move(given)), cell(std::move(taken)), timer(context) {}

    Task task;
    std::unique_ptr<Cell> cell;  // after the task: the cell may refer to the job
    boost::asio::steady_timer timer;
    Clock::time_point started = Clock::now();
    EndReason reason = EndReason::kNone;
  };

  void serve();
  // Where a job of this pool gets a ready cell: from its own pool, else from a larger one that has plenty,
  // since each pool has what the ones before it have. Null when it has to wait.
  [[nodiscard]] Stock* stock_for(std::size_t pool);
  void run(Ticket ticket, Task task, std::unique_ptr<Cell> cell);
  void end(Ticket ticket, EndReason reason);
  void on_report(Ticket ticket, Report report);
  void refuse_oldest(Outcome outcome);
  // The first moment at which a job of a pool that can make no cells has waited too long, if there is one.
  [[nodiscard]] std::optional<Clock::time_point> starved_at(std::size_t pool) const;
  [[nodiscard]] bool able() const;
  void refuse_starved();
  void watch_starvation();
  void end_all();
  void stop_if_drained();
  void watch_idleness();
  void publish();
  [[nodiscard]] std::chrono::seconds when_to_retry() const;

  boost::asio::io_context& context_;
  Backend& backend_;
  const EngineOptions options_;
  std::uint32_t max_queued_;
  Events events_;

  Queue waiting_;
  std::map<Ticket, Running> running_;
  std::deque<Stock> stocks_;  // by pool; a Stock stays where it is
  RetiredCells retired_;
  MeanRunTime mean_run_;

  boost::asio::steady_timer starvation_timer_;
  boost::asio::steady_timer idle_timer_;
  bool idling_ = false;
  bool watching_starvation_ = false;

  boost::asio::steady_timer drain_timer_;
  Clock::time_point drain_until_ = Clock::time_point::max();
  bool draining_ = false;
  bool stopping_ = false;
};

}  // namespace cellblock::engine
