// Carries what comes out of a running execution from the engine's thread to the connection that streams it.
//
//   engine's thread:  push() ──▶ queue, joined to what waits there; "no more" when it is full
//   strand:           take() ◀── all of it, and whether the engine waits for Engine::resume()
//
// Bounded: the engine reads nothing more of a script's output while the queue is full, and the queue is on
// the account of the memory budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/byte_budget.hpp"
#include "engine/live.hpp"

namespace cellblock::http {

class LiveFeed {
 public:
  // As much may wait before the engine is asked to rest.
  static constexpr std::uint64_t kHighWater = 256U << 10U;

  explicit LiveFeed(std::shared_ptr<base::ByteBudget> budget)
      : memory_(std::move(budget), base::ByteBudget::Use::kAnswer) {}

  struct Pushed {
    bool more = true;  // for the Listener
    bool wake = true;  // nobody has been told yet that something is there
  };
  [[nodiscard]] Pushed push(engine::LiveEvent event);

  struct Taken {
    std::vector<engine::LiveEvent> events;
    bool resting = false;  // the engine waits for resume()
    bool started = false;  // a cell has had the script, now or before
    bool no_room = false;  // the budget is used up and pieces have been lost: the stream can't go on
  };
  [[nodiscard]] Taken take();

 private:
  std::mutex mutex_;  // guards everything below
  std::vector<engine::LiveEvent> events_;
  std::uint64_t bytes_ = 0;
  base::Lease memory_;
  bool told_ = false;
  bool resting_ = false;
  bool started_ = false;
  bool no_room_ = false;
};

}  // namespace cellblock::http
