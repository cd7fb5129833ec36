// The ready cells of one pool: makes them ahead of time, replaces those that die idle, and slows down while
// none can be made.
//
//   want() ──▶ make_cell, a few at once ──▶ ready ──▶ take()
//                    │ fails
//                    └──▶ wait 50 ms, 100 ms, … 2 s, then try one
//
// Belongs to the engine's thread; nothing here is locked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/backend.hpp"

namespace cellblock::engine {

class Stock {
 public:
  using Clock = std::chrono::steady_clock;

  // Whether cells of this pool are to be warmed while nothing else is to be done.
  enum class Warming : std::uint8_t { kNone, kWhenIdle };

  // `changed` comes after a cell has become ready or was lost, and after one could not be made. Both
  // references must outlive this object.
  Stock(boost::asio::io_context& context, Backend& backend, std::size_t pool, Warming warming,
        std::function<void()> changed);

  // What the engine has to do apart from the jobs that wait for cells of this pool.
  struct Elsewhere {
    bool waiting = false;  // jobs of other pools
    bool running = false;  // jobs of any pool
  };

  // How many cells are to be ready or in the making: for jobs that wait, and in stock besides. Never makes
  // one from inside this call, so that a job which has just been given its cell does not wait for the next
  // one; with much in stock a little later, and not at all while jobs of other pools wait.
  void want(std::size_t waiting, std::size_t spare, Elsewhere elsewhere);
  // Cells that were asked for until now are as good as others, but are to be replaced: one after the other,
  // while no job comes, and none goes before another is there.
  void renew();
  // A ready cell, or null: of those that are warmed, if there are any, the newest, whose memory the CPU's
  // caches may still hold.
  [[nodiscard]] std::unique_ptr<Cell> take();
  // Has the newest cell that has not been warmed get ready for larger scripts; false when there is none.
  bool warm_one();
  // Destroys every cell here and makes no more. Must not be called from a cell's callback.
  void close();

  [[nodiscard]] std::size_t ready() const { return ready_.size(); }
  // So many are ready that jobs of another pool may have some, and none is made in a hurry because of it.
  [[nodiscard]] bool has_plenty() const;
  // Whether jobs can be served as far as is known: the last attempt went well, or as many cells are ready as
  // are wanted, so that none shows whether they can be made. False before the first.
  [[nodiscard]] bool able() const { return able_ || ready_.size() >= wanted_; }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }
  // Meaningful while not able.
  [[nodiscard]] Clock::time_point unable_since() const { return unable_since_; }

 private:
  struct Ready {
    std::uint64_t number;
    std::unique_ptr<Cell> cell;
    bool warmed = false;
    bool old = false;  // to be replaced
  };

  // There is enough for jobs that come one after the other.
  [[nodiscard]] bool calm() const;
  [[nodiscard]] std::deque<Ready>::iterator newest(bool warmed);
  // Destroys a cell later, from the event loop: its own callback may still be on the stack.
  void discard(std::unique_ptr<Cell> cell);
  void schedule_fill();
  void fill();
  void on_made(std::uint64_t renewals, base::Result<std::unique_ptr<Cell>> made);
  void drop(const std::deque<Ready>::iterator& cell);
  [[nodiscard]] bool enough() const { return ready_.size() - old_ + making_ >= wanted_; }
  void on_failed(const base::Error& error);
  void on_lost(std::uint64_t number);

  boost::asio::io_context& context_;
  Backend& backend_;
  const std::size_t pool_;
  const Warming warming_;
  std::function<void()> changed_;

  std::deque<Ready> ready_;
  std::vector<std::unique_ptr<Cell>> discarded_;
  std::size_t waiting_ = 0;
  std::size_t wanted_ = 0;
  Elsewhere elsewhere_;
  std::size_t making_ = 0;
  std::uint64_t next_number_ = 0;
  std::uint64_t renewals_ = 0;
  std::size_t old_ = 0;  // of those that are ready
  boost::asio::steady_timer fill_timer_;
  bool fill_scheduled_ = false;
  bool fill_posted_ = false;
  // A cell was taken, or the last job has ended.
  Clock::time_point last_stir_ = Clock::time_point::min();
  bool closed_ = false;
  bool been_full_ = false;

  bool able_ = false;
  std::string last_error_;
  Clock::time_point unable_since_ = Clock::now();
  boost::asio::steady_timer pause_timer_;
  bool pausing_ = false;
  std::chrono::milliseconds pause_{0};
};

}  // namespace cellblock::engine
