// Admission, queue, deadlines and the pool of ready cells.
//
//   submit ──▶ queue (bounded) ──▶ a ready cell ──▶ run ──▶ Outcome
//
// One thread of its own runs everything here; the public functions may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend.hpp"
#include "engine/execution.hpp"

namespace cellblock::engine {

struct EngineOptions {
  std::uint32_t max_running = 64;  // executions at once; each holds one cell
  std::uint32_t max_queued = 1000;
  // Ready cells kept in stock, for each pool; at most max_running and all of these exist. A job says by
  // number which pool it needs.
  std::vector<std::uint32_t> pool_sizes{16};
  // The first pool whose cells are worth warming while nothing else is to be done: those before it have no
  // library that a larger script would write to.
  std::size_t first_warmed_pool = 0;
  // How long a job waits while no cell can be made before it is answered with kOverloaded.
  std::chrono::milliseconds cell_wait{10'000};
  // How long an ended cell may take to report before it is given up.
  std::chrono::milliseconds report_wait{2'000};
};

// What /health and the metrics show.
struct Snapshot {
  std::uint32_t ready = 0;                // in all pools
  std::vector<std::uint32_t> ready_of{};  // in each
  std::uint32_t running = 0;
  std::uint32_t queued = 0;
  bool able = false;                    // in each pool a cell could be made the last time one was tried
  bool draining = false;                // shutting down, takes no more work
  std::string last_error;               // why no cell can be made; empty while able
  std::chrono::seconds retry_after{1};  // when a client that is refused should come back
};

// Names one submitted execution; cheap to copy.
using Ticket = std::uint64_t;

// Called exactly once for each submit, on the engine's thread: hand over to your own executor at once.
using Completion = std::function<void(Outcome)>;

class Engine {
 public:
  Engine(EngineOptions options, std::unique_ptr<Backend> backend);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Takes the job or answers kOverloaded through `done`. `job.limits` must already be resolved. A `listener`
  // is told what comes out while the job runs.
  Ticket submit(Job job, Completion done, Listener listener = {});
  // The listener, which has returned false, has room again. Unknown and finished tickets are ignored.
  void resume(Ticket ticket);
  // The client is gone: ends the execution and frees its cell. `done` still comes, with kCancelled.
  // Unknown and finished tickets are ignored.
  void cancel(Ticket ticket);
  // How many jobs may wait from now on; those that wait already stay.
  void set_max_queued(std::uint32_t most);
  [[nodiscard]] Snapshot snapshot() const;
  // Takes no more work, waits until what runs is done or `limit` has passed, then ends the rest and
  // releases every cell. What is ended so is answered with kOverloaded. Blocks the caller; must not be
  // called from a Completion. A second call with a shorter limit shortens the first.
  void drain(std::chrono::milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cellblock::engine
