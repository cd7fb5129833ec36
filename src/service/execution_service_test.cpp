#include "service/execution_service.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "backends/fake/fake_backend.hpp"

namespace cellblock::service {
namespace {

using engine::Outcome;
using engine::Status;
using std::chrono::milliseconds;

class ExecutionServiceTest : public ::testing::Test {
 protected:
  std::future<Outcome> submit(std::string_view body) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    auto taken =
        service_.submit(body, "id-1", [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    if (taken) {
      ticket_ = *taken;
    } else {
      promise->set_value(std::move(taken.error()));
    }
    return future;
  }

  bool becomes(bool (*wanted)(const Health&)) {
    for (int i = 0; i < 500; ++i) {
      if (wanted(service_.health())) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  std::shared_ptr<fake::FakeControl> control_ = std::make_shared<fake::FakeControl>();
  engine::Engine engine_{engine::EngineOptions{2, 2, {2}},
                         std::make_unique<fake::FakeBackend>(fake::Options{}, control_)};
  ExecutionService service_{ServiceSettings{{}, {}, "1.2.3", {"full", {}}, "3.11.2", {}}, engine_};
  engine::Ticket ticket_ = 0;
};

TEST_F(ExecutionServiceTest, RunsAGoodRequestUnderTheGivenId) {
  const Outcome outcome = submit(R"({"script": "echo", "args": [1, 2]})").get();
  EXPECT_EQ(outcome.status, Status::kOk);
  EXPECT_EQ(outcome.result_json, "[1, 2]");
  EXPECT_EQ(control_->record().started_jobs, std::vector<std::string>{"id-1"});
}

TEST_F(ExecutionServiceTest, RefusesABadRequestWithoutRunningAnything) {
  const Outcome outcome = submit("{}").get();
  EXPECT_EQ(outcome.status, Status::kInvalidRequest);
  EXPECT_EQ(outcome.error, "Field 'script' is required and must be a string");
  EXPECT_TRUE(control_->record().started_jobs.empty());
}

TEST_F(ExecutionServiceTest, NewBoundsHoldForTheNextRequest) {
  RequestBounds bounds;
  bounds.limits.wall = std::chrono::seconds(2);
  service_.set_bounds(bounds);
  EXPECT_EQ(submit(R"({"script": "echo", "limits": {"wall_s": 3}})").get().status, Status::kInvalidRequest);
  EXPECT_EQ(submit(R"({"script": "echo", "limits": {"wall_s": 2}})").get().status, Status::kOk);
  EXPECT_EQ(service_.settings().limits.wall, std::chrono::seconds(30));
}

TEST_F(ExecutionServiceTest, CancelEndsARunningExecution) {
  auto outcome = submit(R"({"script": "hang"})");
  ASSERT_TRUE(becomes([](const Health& health) { return health.pool.running == 1; }));
  service_.cancel(ticket_);
  EXPECT_EQ(outcome.get().status, Status::kCancelled);
}

TEST_F(ExecutionServiceTest, IsReadyOnceACellWasMade) {
  EXPECT_TRUE(becomes([](const Health& health) { return health.able && health.ready; }));
  EXPECT_EQ(service_.health().security, "Every script runs in a fresh cell behind all walls.");
}

// Of two pools, each with a stock of one.
class TwoPoolsTest : public testing::Test {
 protected:
  bool becomes(const std::function<bool(const Health&)>& wanted) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (wanted(service_.health())) return true;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return false;
  }
  std::shared_ptr<fake::FakeControl> control_ = failing();
  engine::Engine engine_{engine::EngineOptions{2, 2, {1, 1}},
                         std::make_unique<fake::FakeBackend>(fake::Options{}, control_)};
  ExecutionService service_{ServiceSettings{{}, {}, "1.2.3", {"full", {}}, "3.11.2", {}, {{}, {"numpy"}}},
                            engine_};

 private:
  static std::shared_ptr<fake::FakeControl> failing() {
    auto control = std::make_shared<fake::FakeControl>();
    control->fail_making("no memory", 1);
    return control;
  }
};

TEST_F(TwoPoolsTest, IsReadyOnceEachHasACell) {
  EXPECT_TRUE(becomes([](const Health& health) { return health.pool.ready == 1; }));
  EXPECT_FALSE(service_.health().ready);
  control_->fail_making({});
  EXPECT_TRUE(becomes([](const Health& health) { return health.ready && health.able; }));
}

TEST_F(TwoPoolsTest, RunsAScriptWhereItsModulesAre) {
  control_->fail_making({});
  std::promise<engine::Outcome> promise;
  auto outcome = promise.get_future();
  const auto ticket =
      service_.submit(R"({"script": "echo\nimport numpy"})", "id",
                      [&promise](engine::Outcome done) { promise.set_value(std::move(done)); });
  ASSERT_TRUE(ticket.has_value());
  outcome.wait();
  EXPECT_EQ(control_->record().pools, std::vector<std::size_t>{1});
}

TEST_F(ExecutionServiceTest, IsNotReadyWhileDraining) {
  engine_.drain(milliseconds(0));
  EXPECT_FALSE(service_.health().ready);
  EXPECT_TRUE(service_.health().draining);
}

}  // namespace
}  // namespace cellblock::service
