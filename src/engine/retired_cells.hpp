// Cells whose run is over, until they are destroyed.
//
// Ending a cell takes the kernel a millisecond of CPU time. A job that waits needs the cell's place, so it is
// made at once; otherwise the answer goes out first, which wants the same CPU.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/backend.hpp"

namespace cellblock::engine {

// Belongs to the engine's thread; nothing here is locked.
class RetiredCells {
 public:
  enum class Hurry : std::uint8_t { kNone, kJobsWait };

  // `context` must outlive this object.
  explicit RetiredCells(boost::asio::io_context& context);

  // Destroys the cell later, from the event loop, since its own callback may still be on the stack; with jobs
  // that wait in the loop's next turn, and with it all that are here.
  void add(std::unique_ptr<Cell> cell, Hurry hurry);
  // Destroys all. Must not be called from a cell's callback.
  void clear();

 private:
  boost::asio::io_context& context_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Cell>> cells_;
  bool posted_ = false;
};

}  // namespace cellblock::engine
