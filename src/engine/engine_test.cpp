#include "engine/engine.hpp"

#include <gmock/gmock.h>

#include "engine/engine_fixture.hpp"

namespace cellblock::engine {
namespace {

using ::testing::ElementsAre;
using EngineTest = EngineFixture;

TEST_F(EngineTest, AnswersWithWhatTheCellReports) {
  make({});
  const Outcome outcome = submit("print hello\nwarn careful\necho").get();
  EXPECT_EQ(outcome.status, Status::kOk);
  EXPECT_EQ(outcome.result_json, "[1]");
  EXPECT_EQ(outcome.stdout_text, "hello\n");
  EXPECT_EQ(outcome.stderr_text, "careful\n");
  EXPECT_EQ(outcome.error, "");
  EXPECT_GT(outcome.usage.wall_ms, 0);
}

TEST_F(EngineTest, TellsAListenerOfTheStartAndOfWhatComesBeforeTheOutcome) {
  make({});
  std::vector<LiveEvent> events;
  std::promise<std::size_t> events_before_the_outcome;
  Job job;
  job.script = "print hello\nwarn careful";
  const Ticket ticket = engine_->submit(
      std::move(job), [&](const Outcome&) { events_before_the_outcome.set_value(events.size()); },
      [&](LiveEvent event) {
        events.push_back(std::move(event));
        return true;
      });
  EXPECT_EQ(events_before_the_outcome.get_future().get(), 3U);
  EXPECT_EQ(events[0].kind, LiveEvent::Kind::kStarted);
  EXPECT_EQ(events[1].text, "hello\n");
  EXPECT_EQ(events[2].kind, LiveEvent::Kind::kStderr);
  engine_->resume(ticket);
  engine_->resume(ticket + 1);
  EXPECT_EQ(submit("echo").get().status, Status::kOk) << "what is over can be resumed without harm";
}

TEST_F(EngineTest, GivesEachJobItsOwnCell) {
  make({.max_running = 4, .pool_sizes = {2}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(submit("echo").get().status, Status::kOk);
  EXPECT_TRUE(eventually_ready(2));
  EXPECT_EQ(control_->record().started_jobs.size(), 20U);
  EXPECT_EQ(control_->record().made, 22U);
  EXPECT_TRUE(eventually([&] { return control_->record().alive == 2; }));
}

TEST_F(EngineTest, ServesManyThreadsAtOnce) {
  make({.max_running = 8, .pool_sizes = {4}});
  std::vector<std::thread> clients;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([this] {
      for (int i = 0; i < 50; ++i) {
        const Answer answer = submit("sleep 1");
        if (i % 5 == 0) engine_->cancel(answer.ticket);
        const Status status = answer.get().status;
        EXPECT_TRUE(status == Status::kOk || (i % 5 == 0 && status == Status::kCancelled));
        EXPECT_LE(engine_->snapshot().running, 8U);
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_TRUE(eventually_ready(4));
}

TEST_F(EngineTest, RunsWaitingJobsInTheOrderOfTheirArrival) {
  make({.max_running = 1, .pool_sizes = {1}});
  std::vector<Answer> answers;
  for (const char* id : {"a", "b", "c", "d"}) answers.push_back(submit("sleep 2", kPatience, id));
  for (const Answer& answer : answers) EXPECT_EQ(answer.get().status, Status::kOk);
  EXPECT_THAT(control_->record().started_jobs, ElementsAre("a", "b", "c", "d"));
}

TEST_F(EngineTest, RunsEachJobInACellOfItsPool) {
  make({.max_running = 4, .pool_sizes = {2, 1}});
  EXPECT_TRUE(eventually([&] { return engine_->snapshot().ready_of == std::vector<std::uint32_t>{2, 1}; }));
  for (const std::size_t pool : {0U, 1U, 1U, 0U, 1U}) {
    EXPECT_EQ(submit("echo", kPatience, {}, pool).get().status, Status::kOk);
  }
  EXPECT_THAT(control_->record().pools, ElementsAre(0, 1, 1, 0, 1));
  EXPECT_TRUE(eventually_ready(3));
}

TEST_F(EngineTest, APoolThatCanMakeNoCellsHoldsUpNoOther) {
  control_->fail_making("no memory", 1);
  make({.max_running = 4, .pool_sizes = {1, 1}, .cell_wait = milliseconds{50}});
  const Answer stuck = submit("echo", kPatience, "stuck", 1);
  EXPECT_EQ(submit("echo").get().status, Status::kOk);
  EXPECT_EQ(stuck.get().status, Status::kOverloaded);
  EXPECT_FALSE(engine_->snapshot().able);
  EXPECT_EQ(engine_->snapshot().last_error, "no memory");
  control_->fail_making({});
  EXPECT_TRUE(eventually([&] { return engine_->snapshot().able; }));
  EXPECT_EQ(submit("echo", kPatience, {}, 1).get().status, Status::kOk);
}

TEST_F(EngineTest, AJobThatFindsItsPoolEmptyTakesFromALargerPoolThatHasPlenty) {
  control_->fail_making("no light ones", 0);
  make({.max_running = 20, .pool_sizes = {1, 8}});
  ASSERT_TRUE(eventually_ready(8));
  EXPECT_EQ(submit("echo", kPatience, {}, 0).get().status, Status::kOk);
  EXPECT_THAT(control_->record().pools, ElementsAre(1));
}

TEST_F(EngineTest, AnEmptyPoolLeavesALargerOneItsReserve) {
  control_->fail_making("no light ones", 0);
  make({.max_running = 20, .pool_sizes = {1, 8}}, {.make_delay = milliseconds{5}});
  ASSERT_TRUE(eventually_ready(8));
  control_->fail_making("none at all");
  std::vector<Answer> answers;
  answers.reserve(8);
  for (int i = 0; i < 8; ++i) answers.push_back(submit("hang", kPatience, {}, 0));
  ASSERT_TRUE(eventually_running(6));
  EXPECT_EQ(engine_->snapshot().ready, 2U);
  EXPECT_EQ(engine_->snapshot().queued, 2U);
  EXPECT_EQ(submit("echo", kPatience, {}, 1).get().status, Status::kOk);
}

TEST_F(EngineTest, NoCellsOfALargerPoolAreMadeInStockWhileJobsOfAnEmptyOneWait) {
  control_->fail_making("no light ones", 0);
  make({.max_running = 20, .pool_sizes = {1, 16}});
  ASSERT_TRUE(eventually_ready(16));
  std::vector<Answer> answers;
  for (int i = 0; i < 14; ++i) answers.push_back(submit("hang", kPatience, {}, 0));
  ASSERT_TRUE(eventually_running(12));
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_EQ(engine_->snapshot().ready, 4U);
  EXPECT_EQ(engine_->snapshot().queued, 2U);
  for (const Answer& answer : answers) engine_->cancel(answer.ticket);
  EXPECT_TRUE(eventually_ready(16));
}

TEST_F(EngineTest, ALargerJobNeverGetsASmallerPoolsCell) {
  control_->fail_making("no large ones", 1);
  make({.max_running = 4, .pool_sizes = {4, 1}, .cell_wait = milliseconds{50}});
  ASSERT_TRUE(eventually_ready(4));
  EXPECT_EQ(submit("echo", kPatience, {}, 1).get().status, Status::kOverloaded);
}

TEST_F(EngineTest, RefusesJobsBeyondTheQueue) {
  make({.max_running = 1, .max_queued = 2, .pool_sizes = {1}});
  const Answer running = submit("hang");
  ASSERT_TRUE(eventually_running(1));
  const Answer first = submit("echo");
  const Answer second = submit("echo");
  const Outcome refused = submit("echo").get();
  EXPECT_EQ(refused.status, Status::kOverloaded);
  EXPECT_EQ(refused.error, "Too many executions are waiting (limit 2)");
  EXPECT_GE(refused.retry_after, std::chrono::seconds{1});
  EXPECT_FALSE(first.ready());
  EXPECT_FALSE(second.ready());
  engine_->cancel(running.ticket);
  EXPECT_EQ(first.get().status, Status::kOk);
  EXPECT_EQ(second.get().status, Status::kOk);
}

TEST_F(EngineTest, EndsAJobAtItsDeadlineAndKeepsItsOutput) {
  make({});
  const Outcome outcome = submit("print early\nhang", milliseconds{50}).get();
  EXPECT_EQ(outcome.status, Status::kTimeout);
  EXPECT_EQ(outcome.error, "Script execution timed out (0.05s limit)");
  EXPECT_EQ(outcome.stdout_text, "early\n");
  EXPECT_GE(outcome.usage.wall_ms, 50);
}

TEST_F(EngineTest, LeavesAJobAloneBeforeItsDeadline) {
  make({});
  EXPECT_EQ(submit("sleep 20", milliseconds{2000}).get().status, Status::kOk);
}

TEST_F(EngineTest, TheQueueMayBeMadeShorterAndLonger) {
  make({.max_running = 1, .max_queued = 5, .pool_sizes = {1}});
  const Answer running = submit("hang");
  ASSERT_TRUE(eventually_running(1));
  engine_->set_max_queued(0);
  EXPECT_EQ(submit("echo").get().error, "Too many executions are waiting (limit 0)");
  engine_->set_max_queued(1);
  const Answer waiting = submit("echo");
  EXPECT_EQ(submit("echo").get().status, Status::kOverloaded);
  engine_->cancel(running.ticket);
  EXPECT_EQ(waiting.get().status, Status::kOk);
}

TEST_F(EngineTest, CountsTheDeadlineFromTheStartAndNotFromTheQueue) {
  make({.max_running = 1, .pool_sizes = {1}});
  const Answer first = submit("sleep 300");
  const Answer second = submit("echo", milliseconds{200});
  EXPECT_EQ(first.get().status, Status::kOk);
  EXPECT_EQ(second.get().status, Status::kOk);
}

TEST_F(EngineTest, GivesUpACellThatNeverReports) {
  make({.report_wait = milliseconds{30}});
  const Outcome outcome = submit("deaf", milliseconds{30}).get();
  EXPECT_EQ(outcome.status, Status::kTimeout);
  EXPECT_TRUE(eventually_running(0));
}

TEST_F(EngineTest, CancelsAWaitingJobWithoutRunningIt) {
  make({.max_running = 1, .pool_sizes = {1}});
  const Answer running = submit("hang", kPatience, "running");
  ASSERT_TRUE(eventually_running(1));
  const Answer waiting = submit("echo", kPatience, "waiting");
  engine_->cancel(waiting.ticket);
  EXPECT_EQ(waiting.get().status, Status::kCancelled);
  engine_->cancel(running.ticket);
  EXPECT_EQ(running.get().status, Status::kCancelled);
  EXPECT_THAT(control_->record().started_jobs, ElementsAre("running"));
}

TEST_F(EngineTest, CancelsARunningJobAndFreesItsCell) {
  make({.max_running = 1, .pool_sizes = {1}});
  const Answer running = submit("hang");
  ASSERT_TRUE(eventually_running(1));
  engine_->cancel(running.ticket);
  EXPECT_EQ(running.get().status, Status::kCancelled);
  EXPECT_EQ(submit("echo").get().status, Status::kOk);
}

TEST_F(EngineTest, KeepsTheFirstReasonForEndingAJob) {
  make({.report_wait = milliseconds{1000}});
  const Answer answer = submit("deaf", milliseconds{10});
  std::this_thread::sleep_for(milliseconds{200});
  engine_->cancel(answer.ticket);
  EXPECT_EQ(answer.get().status, Status::kTimeout);
}

TEST_F(EngineTest, IgnoresCancellingFinishedAndUnknownTickets) {
  make({});
  const Answer answer = submit("echo");
  EXPECT_EQ(answer.get().status, Status::kOk);
  engine_->cancel(answer.ticket);
  engine_->cancel(4711);
  EXPECT_EQ(submit("echo").get().status, Status::kOk);
}

TEST_F(EngineTest, GivesAJobToAnotherCellWhenItsCellWasDead) {
  int runs = 0;  // used by the engine's thread only, read after the answer
  fake::Options options;
  options.script = [&runs](const Job& job) {
    fake::Behaviour behaviour = fake::follow_script(job);
    if (++runs == 1) {
      behaviour.report = {};
      behaviour.report.unstarted = true;
    }
    return behaviour;
  };
  make({}, options);
  EXPECT_EQ(submit("echo").get().status, Status::kOk);
  EXPECT_EQ(runs, 2);
}

TEST_F(EngineTest, StopsTryingAfterThreeDeadCells) {
  make({});
  const Outcome outcome = submit("unstarted", kPatience, "x").get();
  EXPECT_EQ(outcome.status, Status::kInternalError);
  EXPECT_EQ(outcome.error, "Internal error");
  EXPECT_THAT(control_->record().started_jobs, ElementsAre("x", "x", "x"));
}

}  // namespace
}  // namespace cellblock::engine
