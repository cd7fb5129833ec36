// What the engine's tests share: an engine over the fake backend, and answers that can be waited for.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backends/fake/fake_backend.hpp"
#include "engine/engine.hpp"

namespace cellblock::engine {

using std::chrono::milliseconds;

// Far beyond what any test needs, so that it ends a hanging test only.
inline constexpr std::chrono::seconds kPatience{20};

// One submitted job. Counts its answers, since "exactly once" is what most tests are about.
struct Answer {
  Ticket ticket = 0;
  std::shared_ptr<std::promise<Outcome>> promise = std::make_shared<std::promise<Outcome>>();
  std::shared_future<Outcome> future = promise->get_future().share();

  [[nodiscard]] bool ready() const { return future.wait_for(milliseconds{0}) == std::future_status::ready; }
  [[nodiscard]] Outcome get() const {
    if (future.wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "no answer came";
      return {};
    }
    return future.get();
  }
};

class EngineFixture : public ::testing::Test {
 protected:
  Engine& make(const EngineOptions& options, fake::Options fake_options = {}) {
    engine_ = std::make_unique<Engine>(
        options, std::make_unique<fake::FakeBackend>(std::move(fake_options), control_));
    return *engine_;
  }

  Answer submit(const std::string& script, milliseconds wall = kPatience, std::string id = {},
                std::size_t pool = 0) {
    Job job;
    job.script = script;
    job.args_json = "[1]";
    job.id = std::move(id);
    job.limits.wall = wall;
    job.pool = pool;
    Answer answer;
    // A second answer would throw on the engine's thread and end the test program.
    answer.ticket = engine_->submit(std::move(job), [promise = answer.promise](Outcome outcome) {
      promise->set_value(std::move(outcome));
    });
    return answer;
  }

  // Waits until the engine shows the wanted state; false when it never does.
  static bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(milliseconds{1});
    }
    return true;
  }
  bool eventually_running(std::uint32_t count) const {
    return eventually([&] { return engine_->snapshot().running == count; });
  }
  bool eventually_ready(std::uint32_t count) const {
    return eventually([&] { return engine_->snapshot().ready == count; });
  }
  bool eventually_queued(std::uint32_t count) const {
    return eventually([&] { return engine_->snapshot().queued == count; });
  }

  std::shared_ptr<fake::FakeControl> control_ = std::make_shared<fake::FakeControl>();
  std::unique_ptr<Engine> engine_;
};

}  // namespace cellblock::engine
