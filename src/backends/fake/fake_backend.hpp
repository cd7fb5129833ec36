// A backend without processes, for tests of everything above it. FakeControl is the test's end of it: the
// backend itself belongs to the engine.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backends/fake/script.hpp"
#include "engine/backend.hpp"

namespace cellblock::fake {

struct Options {
  std::chrono::milliseconds make_delay{0};
  Script script = follow_script;
};

// What happened so far.
struct Record {
  std::size_t asked = 0;                  // make_cell calls
  std::size_t unprimed = 0;               // of these, for jobs that were waiting
  std::size_t making = 0;                 // asked for, and neither handed out nor failed yet
  std::size_t most_making = 0;            // the largest number at one time
  std::size_t made = 0;                   // cells handed out
  std::size_t alive = 0;                  // of these, not destroyed yet
  std::size_t most_alive = 0;             // the largest number at one time
  std::size_t idle = 0;                   // alive and never run
  std::vector<std::string> started_jobs;  // ids in the order in which they were run
  std::vector<std::size_t> pools;         // of the cells that ran them
  bool stopped = false;
};

// Every function may be called from any thread, before, during and after the engine's life.
class FakeControl {
 public:
  // From now on no cell can be made, of one pool or of any, for this reason; empty: they can again.
  void fail_making(std::string reason, std::optional<std::size_t> pool = {});
  // What cells of this pool are made from is replaced.
  void renew(std::size_t pool);
  // The oldest idle cell dies by itself; nothing happens when there is none.
  void lose_idle_cell();
  [[nodiscard]] Record record() const;

  // The backend's side.
  void note(const std::function<void(Record&)>& change);
  [[nodiscard]] std::string failure(std::size_t pool) const;
  // `lose` posts to the backend's thread; empty once the backend has stopped.
  void on_lose(std::function<void()> lose);
  // `renew` likewise.
  void on_renew(std::function<void(std::size_t)> renew);

 private:
  mutable std::mutex mutex_;  // guards everything below
  Record record_;
  std::string failure_;
  std::optional<std::size_t> failing_pool_;
  std::function<void()> lose_;
  std::function<void(std::size_t)> renew_;
};

struct FakeHouse;

class FakeBackend final : public engine::Backend {
 public:
  explicit FakeBackend(Options options = {}, std::shared_ptr<FakeControl> control = {});
  ~FakeBackend() override;

  void on_renewed(std::function<void(std::size_t)> renewed) override { renewed_ = std::move(renewed); }
  void start(boost::asio::io_context& context) override;
  void make_cell(std::size_t pool, engine::Priming priming, Made made) override;
  void stop() override;

 private:
  std::shared_ptr<FakeHouse> house_;
  std::function<void(std::size_t)> renewed_;
};

}  // namespace cellblock::fake
