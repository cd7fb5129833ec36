// The cells of the fake backend.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "backends/fake/fake_backend.hpp"

namespace cellblock::fake {

class FakeCell;

// What the backend and its cells share; lives as long as any of them. Only the engine's thread uses it.
struct FakeHouse {
  boost::asio::io_context* context = nullptr;
  Options options;
  std::shared_ptr<FakeControl> control;
  std::vector<FakeCell*> cells;  // borrowed, in the order in which they were made
  bool stopped = false;
};

// Handlers wait in the context longer than a cell lives, so each asks `life_` whether there is still
// somebody to call.
class FakeCell final : public engine::Cell {
 public:
  FakeCell(std::shared_ptr<FakeHouse> house, std::size_t pool);
  ~FakeCell() override;

  void listen(engine::Listener listener) override { listener_ = std::move(listener); }
  // Tells all output at once and does not rest.
  void run(const engine::Job& job, std::function<void(engine::Report)> done) override;
  void end() override;
  void on_lost(std::function<void()> lost) override { lost_ = std::move(lost); }

  [[nodiscard]] bool idle() const { return !ran_ && !dead_; }
  // The idle cell dies by itself. Called from the event loop, never from within a call of the engine.
  void die();

 private:
  void tell_soon();
  void report_soon();
  void report();

  std::shared_ptr<FakeHouse> house_;
  const std::size_t pool_;
  boost::asio::steady_timer timer_;
  std::function<void(engine::Report)> done_;
  std::function<void()> lost_;
  engine::Listener listener_;
  Behaviour behaviour_;
  bool ran_ = false;
  bool dead_ = false;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
};

}  // namespace cellblock::fake
