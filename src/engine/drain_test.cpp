// Shutting down: what still runs, what is ended, and that every job gets its answer.
#include "engine/engine_fixture.hpp"

namespace cellblock::engine {
namespace {

using DrainTest = EngineFixture;

TEST_F(DrainTest, FinishesWhatRunsAndWaits) {
  make({.max_running = 1, .pool_sizes = {1}});
  const Answer running = submit("sleep 30");
  const Answer waiting = submit("echo");
  engine_->drain(kPatience);
  EXPECT_TRUE(running.ready());
  EXPECT_EQ(running.get().status, Status::kOk);
  EXPECT_EQ(waiting.get().status, Status::kOk);
  EXPECT_EQ(control_->record().alive, 0U);
  EXPECT_TRUE(control_->record().stopped);
}

TEST_F(DrainTest, RefusesNewJobs) {
  make({});
  const Answer running = submit("hang");
  ASSERT_TRUE(eventually_running(1));
  std::thread drainer([this] { engine_->drain(kPatience); });
  ASSERT_TRUE(eventually([&] { return engine_->snapshot().draining; }));
  const Outcome refused = submit("echo").get();
  EXPECT_EQ(refused.status, Status::kOverloaded);
  EXPECT_EQ(refused.error, "The service is shutting down");
  EXPECT_EQ(refused.retry_after, std::chrono::seconds{1});
  EXPECT_FALSE(running.ready());
  engine_->cancel(running.ticket);
  drainer.join();
}

TEST_F(DrainTest, EndsTheRestWhenTheLimitHasPassed) {
  make({.max_running = 1, .pool_sizes = {1}});
  const Answer running = submit("print some\nhang");
  const Answer waiting = submit("echo");
  ASSERT_TRUE(eventually_running(1));
  engine_->drain(milliseconds{30});
  EXPECT_EQ(running.get().status, Status::kOverloaded);
  EXPECT_EQ(running.get().error, "The service is shutting down");
  EXPECT_EQ(running.get().stdout_text, "some\n");
  EXPECT_EQ(waiting.get().status, Status::kOverloaded);
  EXPECT_EQ(control_->record().alive, 0U);
}

TEST_F(DrainTest, DoesNotWaitForCellsThatNeverReport) {
  make({.report_wait = milliseconds{20}});
  const Answer deaf = submit("deaf");
  ASSERT_TRUE(eventually_running(1));
  engine_->drain(milliseconds{0});
  EXPECT_EQ(deaf.get().status, Status::kOverloaded);
}

TEST_F(DrainTest, MayBeCalledAgain) {
  make({});
  engine_->drain(milliseconds{0});
  engine_->drain(kPatience);
  EXPECT_EQ(submit("echo").get().status, Status::kOverloaded);
}

TEST_F(DrainTest, IsShortenedByASecondCall) {
  make({});
  const Answer running = submit("hang");
  ASSERT_TRUE(eventually_running(1));
  std::thread patient([this] { engine_->drain(std::chrono::hours{1000000}); });
  ASSERT_TRUE(eventually([&] { return engine_->snapshot().draining; }));
  engine_->drain(milliseconds{0});
  patient.join();
  EXPECT_EQ(running.get().status, Status::kOverloaded);
}

TEST_F(DrainTest, EndsWhileNoCellCanBeMade) {
  control_->fail_making("no namespaces");
  make({});
  const Answer waiting = submit("echo");
  engine_->drain(milliseconds{20});
  EXPECT_EQ(waiting.get().status, Status::kOverloaded);
}

TEST_F(DrainTest, DestructionAnswersEveryJob) {
  std::vector<Answer> answers;
  make({.max_running = 2, .pool_sizes = {1}}, {.make_delay = milliseconds{5}});
  for (int i = 0; i < 50; ++i) answers.push_back(submit(i % 2 == 0 ? "hang" : "sleep 1"));
  engine_.reset();
  for (const Answer& answer : answers) EXPECT_TRUE(answer.ready());
  EXPECT_EQ(control_->record().alive, 0U);
}

TEST_F(DrainTest, DestructionWhileCellsAreBeingMadeLeavesNone) {
  make({}, {.make_delay = milliseconds{1}});
  ASSERT_TRUE(eventually([&] { return control_->record().asked > 2; }));
  engine_.reset();
  EXPECT_EQ(control_->record().alive, 0U);
}

}  // namespace
}  // namespace cellblock::engine
