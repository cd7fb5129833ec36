// The pool of ready cells, seen through the engine.
#include "engine/stock.hpp"

#include "engine/engine_fixture.hpp"
#include "engine/stock.hpp"

namespace cellblock::engine {
namespace {

using StockTest = EngineFixture;

TEST_F(StockTest, IsUnableUntilTheFirstCellIsMade) {
  make({.pool_sizes = {3}}, {.make_delay = milliseconds{50}});
  EXPECT_FALSE(engine_->snapshot().able);
  EXPECT_EQ(engine_->snapshot().ready, 0U);
  EXPECT_TRUE(eventually_ready(3));
  EXPECT_TRUE(engine_->snapshot().able);
  EXPECT_EQ(control_->record().made, 3U);
}

TEST_F(StockTest, MakesSeveralCellsAtOnceButNotAll) {
  make({.pool_sizes = {16}}, {.make_delay = milliseconds{30}});
  EXPECT_TRUE(eventually_ready(16));
  EXPECT_EQ(control_->record().most_making, 4U);
}

TEST_F(StockTest, ReplacesOneAfterTheOtherWhileThereIsEnough) {
  make({.max_running = 10, .pool_sizes = {16}}, {.make_delay = milliseconds{30}});
  ASSERT_TRUE(eventually_ready(16));
  control_->note([](fake::Record& record) { record.most_making = 0; });
  std::vector<Answer> answers;
  for (int i = 0; i < 6; ++i) answers.push_back(submit("echo"));
  for (const Answer& answer : answers) EXPECT_EQ(answer.get().status, Status::kOk);
  EXPECT_TRUE(eventually([&] { return control_->record().made == 22; }));
  EXPECT_EQ(control_->record().most_making, 1U);
}

TEST_F(StockTest, LowOrNotMakesOneAfterTheOtherWhileNobodyWaits) {
  make({.max_running = 20, .pool_sizes = {16}}, {.make_delay = milliseconds{5}});
  ASSERT_TRUE(eventually_ready(16));
  control_->note([](fake::Record& record) { record.most_making = 0; });
  std::vector<Answer> answers;
  for (int i = 0; i < 15; ++i) answers.push_back(submit("hang"));
  EXPECT_TRUE(eventually([&] { return control_->record().made == 31; }));
  EXPECT_EQ(control_->record().most_making, 1U);
  for (const Answer& answer : answers) engine_->cancel(answer.ticket);
}

TEST_F(StockTest, MakesCellsOnDemandForABurst) {
  make({.max_running = 10, .pool_sizes = {2}});
  ASSERT_TRUE(eventually_ready(2));
  std::vector<Answer> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(submit("hang"));
  EXPECT_TRUE(eventually_running(10));
  EXPECT_TRUE(eventually_ready(2));
  for (const Answer& answer : answers) engine_->cancel(answer.ticket);
}

TEST_F(StockTest, PrimesWhatNobodyWaitsFor) {
  // Long enough for all jobs to arrive before the first further cells are there: more than are made at once,
  // so that some of them wait for cells nobody has begun.
  make({.max_running = 20, .pool_sizes = {2}}, {.make_delay = milliseconds{200}});
  ASSERT_TRUE(eventually_ready(2));
  EXPECT_EQ(control_->record().unprimed, 0U);
  std::vector<Answer> answers;
  for (int i = 0; i < 12; ++i) answers.push_back(submit("hang"));
  EXPECT_TRUE(eventually_running(12));
  EXPECT_TRUE(eventually_ready(2));
  // Two were in stock.
  EXPECT_GE(control_->record().unprimed, 1U);
  EXPECT_LE(control_->record().unprimed, 10U);
  for (const Answer& answer : answers) engine_->cancel(answer.ticket);
}

TEST_F(StockTest, NeverHoldsMoreCellsThanMayRunPlusThePool) {
  make({.max_running = 3, .pool_sizes = {2}});
  std::vector<Answer> answers;
  for (int i = 0; i < 60; ++i) answers.push_back(submit(i % 3 == 0 ? "sleep 1" : "echo"));
  for (const Answer& answer : answers) EXPECT_EQ(answer.get().status, Status::kOk);
  // A cell on its way to destruction may overlap with its replacement being handed out.
  EXPECT_LE(control_->record().most_alive, 3U + 2U + 1U);
}

TEST_F(StockTest, ReplacesAnIdleCellThatDies) {
  make({.pool_sizes = {2}});
  ASSERT_TRUE(eventually_ready(2));
  control_->lose_idle_cell();
  EXPECT_TRUE(eventually([&] { return control_->record().made == 3; }));
  EXPECT_TRUE(eventually_ready(2));
  EXPECT_TRUE(eventually([&] { return control_->record().alive == 2; }));
  EXPECT_EQ(submit("echo").get().status, Status::kOk);
}

TEST_F(StockTest, ReplacesWhatIsToBeRenewedOneByOneAndNeverHasFewer) {
  make({.pool_sizes = {8}}, {.make_delay = milliseconds{5}});
  ASSERT_TRUE(eventually_ready(8));
  const auto before = control_->record();
  control_->renew(0);
  std::size_t fewest = 8;
  ASSERT_TRUE(eventually([&] {
    fewest = std::min<std::size_t>(fewest, engine_->snapshot().ready);
    return control_->record().made == before.made + 8;
  }));
  EXPECT_EQ(fewest, 8U);
  EXPECT_TRUE(eventually([&] { return control_->record().alive == 8; }));
  // The one that takes a place, and the one that leaves it.
  EXPECT_LE(control_->record().most_alive, before.most_alive + 2);
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_EQ(control_->record().made, before.made + 8) << "and then it is over";
}

TEST_F(StockTest, WhatWasAskedForBeforeARenewalIsReplacedToo) {
  make({.pool_sizes = {2}}, {.make_delay = milliseconds{50}});
  ASSERT_TRUE(eventually([&] { return control_->record().asked == 2; }));
  control_->renew(0);
  EXPECT_TRUE(eventually([&] { return control_->record().made == 4; }));
  EXPECT_TRUE(eventually([&] { return control_->record().alive == 2; }));
}

TEST_F(StockTest, JobsAreServedDuringARenewal) {
  make({.max_running = 4, .pool_sizes = {4}}, {.make_delay = milliseconds{2}});
  ASSERT_TRUE(eventually_ready(4));
  for (int turn = 0; turn < 20; ++turn) {
    control_->renew(0);
    const Answer first = submit("echo");
    const Answer second = submit("echo");
    EXPECT_EQ(first.get().status, Status::kOk);
    EXPECT_EQ(second.get().status, Status::kOk);
  }
  EXPECT_TRUE(eventually([&] { return control_->record().alive == 4 && engine_->snapshot().ready == 4; }));
}

TEST_F(StockTest, TellsWhyNoCellCanBeMadeAndRecovers) {
  control_->fail_making("clone3");
  make({.pool_sizes = {1}});
  ASSERT_TRUE(eventually([&] { return !engine_->snapshot().last_error.empty(); }));
  EXPECT_FALSE(engine_->snapshot().able);
  EXPECT_EQ(engine_->snapshot().last_error, "clone3");
  const Answer waiting = submit("echo");
  EXPECT_TRUE(eventually_queued(1));
  control_->fail_making("");
  EXPECT_EQ(waiting.get().status, Status::kOk);
  EXPECT_TRUE(eventually([&] { return engine_->snapshot().able; }));
  EXPECT_EQ(engine_->snapshot().last_error, "");
}

TEST_F(StockTest, TriesLessAndLessOftenWhileItFails) {
  control_->fail_making("clone3");
  const auto start = std::chrono::steady_clock::now();
  make({.pool_sizes = {8}});
  // Four at once, then one each after 50, 150 and 350 ms.
  EXPECT_TRUE(eventually([&] { return control_->record().asked >= 7; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds{350});
}

TEST_F(StockTest, BecomesUnableWhenReplacingFails) {
  make({.pool_sizes = {1}});
  ASSERT_TRUE(eventually_ready(1));
  control_->fail_making("fork");
  EXPECT_EQ(submit("echo").get().status, Status::kOk);
  EXPECT_TRUE(eventually([&] { return !engine_->snapshot().able; }));
}

TEST_F(StockTest, RefusesJobsThatWaitTooLongWhileNoCellCanBeMade) {
  control_->fail_making("clone3");
  make({.cell_wait = milliseconds{40}});
  const Answer first = submit("echo");
  const Answer second = submit("echo");
  EXPECT_EQ(first.get().status, Status::kOverloaded);
  EXPECT_EQ(first.get().error, "No cell can be made at the moment");
  EXPECT_GE(first.get().retry_after, std::chrono::seconds{1});
  EXPECT_EQ(second.get().status, Status::kOverloaded);
  EXPECT_TRUE(eventually_queued(0));
}

TEST_F(StockTest, DoesNotRefuseWaitingJobsWhileCellsCanBeMade) {
  make({.max_running = 1, .pool_sizes = {1}, .cell_wait = milliseconds{20}});
  const Answer first = submit("sleep 100");
  const Answer second = submit("echo");
  EXPECT_EQ(first.get().status, Status::kOk);
  EXPECT_EQ(second.get().status, Status::kOk);
}

// Attempts end when and as the test says.
class PatientBackend final : public Backend {
 public:
  class IdleCell final : public Cell {
    void run(const Job&, std::function<void(Report)>) override {}
    void end() override {}
    void on_lost(std::function<void()>) override {}
  };

  void start(boost::asio::io_context&) override {}
  void make_cell(std::size_t, Priming, Made made) override { asked_.push_back(std::move(made)); }
  void stop() override {}

  [[nodiscard]] std::size_t asked() const { return asked_.size(); }
  void succeed() { take()(std::make_unique<IdleCell>()); }
  void fail() { take()(base::make_error("fork")); }

 private:
  Made take() {
    Made made = std::move(asked_.front());
    asked_.pop_front();
    return made;
  }

  std::deque<Made> asked_;
};

TEST(Stock, IsAbleWithAllThatIsWantedThoughTheLastAttemptFailed) {
  boost::asio::io_context context;
  PatientBackend backend;
  Stock stock(context, backend, 0, Stock::Warming::kNone, [] {});
  stock.want(1, 1, {});
  EXPECT_FALSE(stock.able()) << "nothing was tried yet";
  context.run_for(milliseconds(10));
  ASSERT_EQ(backend.asked(), 2U);
  // The job that waited is cancelled, and the cell for it fails after the other is there.
  stock.want(0, 1, {});
  backend.succeed();
  backend.fail();
  context.restart();
  context.run_for(milliseconds(200));
  EXPECT_EQ(backend.asked(), 0U) << "none is wanted";
  EXPECT_TRUE(stock.able()) << "or the service would be called unhealthy until somebody needs a cell";
  EXPECT_NE(stock.take(), nullptr);
  EXPECT_FALSE(stock.able());
  stock.want(0, 1, {});
  context.restart();
  context.run_for(milliseconds(200));
  ASSERT_EQ(backend.asked(), 1U);
  EXPECT_FALSE(stock.able()) << "until it is there";
  backend.succeed();
  EXPECT_TRUE(stock.able());
  stock.close();
}

}  // namespace
}  // namespace cellblock::engine
