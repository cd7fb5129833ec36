// Which of the ready cells is given out, which is warmed, and when the next one is made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "engine/stock.hpp"

namespace cellblock::engine {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

// Makes each cell at once; cells have numbers from 0 on.
class PromptBackend final : public Backend {
 public:
  class NumberedCell final : public Cell {
   public:
    NumberedCell(PromptBackend& backend, std::size_t number) : backend_(backend), number_(number) {}
    void warm() override { backend_.warmed.push_back(number_); }
    void run(const Job&, std::function<void(Report)>) override {}
    void end() override {}
    void on_lost(std::function<void()>) override {}
    [[nodiscard]] std::size_t number() const { return number_; }

   private:
    PromptBackend& backend_;
    std::size_t number_;
  };

  void start(boost::asio::io_context&) override {}
  void make_cell(std::size_t, Priming, Made made) override {
    boost::asio::post(
        *context, [this, made = std::move(made)] { made(std::make_unique<NumberedCell>(*this, number++)); });
  }
  void stop() override {}

  boost::asio::io_context* context = nullptr;
  std::size_t number = 0;
  std::vector<std::size_t> warmed;
};

class StockOrder : public ::testing::Test {
 protected:
  StockOrder() { backend_.context = &context_; }

  // Full, with cells of the numbers from 0 on.
  Stock& full(Stock::Warming warming, std::size_t cells) {
    wanted_ = cells;
    stock_.emplace(context_, backend_, 0, warming, [] {});
    stock_->want(0, cells, {});
    run();
    EXPECT_EQ(stock_->ready(), cells);
    return *stock_;
  }
  void run(milliseconds most = milliseconds(20)) {
    context_.restart();
    context_.run_for(most);
  }
  std::size_t take() { return dynamic_cast<const PromptBackend::NumberedCell&>(*stock_->take()).number(); }
  // How long after the first taking a cell takes its place.
  std::chrono::steady_clock::duration time_to_replace(Stock::Elsewhere elsewhere) {
    const auto before = std::chrono::steady_clock::now();
    take();
    stock_->want(0, wanted_, elsewhere);
    while (stock_->ready() < wanted_) run(milliseconds(1));
    return std::chrono::steady_clock::now() - before;
  }

  boost::asio::io_context context_;
  PromptBackend backend_;
  std::optional<Stock> stock_;
  std::size_t wanted_ = 0;
};

TEST_F(StockOrder, GivesOutTheNewest) {
  full(Stock::Warming::kNone, 3);
  EXPECT_EQ(take(), 2U);
  EXPECT_EQ(take(), 1U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(stock_->take(), nullptr);
}

TEST_F(StockOrder, GivesOutWarmedCellsFirst) {
  full(Stock::Warming::kWhenIdle, 4);
  EXPECT_TRUE(stock_->warm_one());
  EXPECT_TRUE(stock_->warm_one());
  EXPECT_THAT(backend_.warmed, ElementsAre(3, 2)) << "the newest first";
  EXPECT_EQ(take(), 3U);
  stock_->want(0, 3, {.running = true});
  EXPECT_EQ(take(), 2U);
  EXPECT_EQ(take(), 1U);
  EXPECT_TRUE(stock_->warm_one());
  EXPECT_FALSE(stock_->warm_one());
  EXPECT_THAT(backend_.warmed, ElementsAre(3, 2, 0));
}

TEST_F(StockOrder, GivesOutAWarmedCellBeforeANewerOne) {
  full(Stock::Warming::kWhenIdle, 16);
  EXPECT_TRUE(stock_->warm_one());
  EXPECT_TRUE(stock_->warm_one());
  time_to_replace({.running = true});
  EXPECT_EQ(take(), 14U);
  EXPECT_EQ(take(), 16U);
}

TEST_F(StockOrder, WarmsNothingWhereItIsOfNoUse) {
  full(Stock::Warming::kNone, 2);
  EXPECT_FALSE(stock_->warm_one());
  take();
  stock_->want(0, 2, {});
  run();
  EXPECT_EQ(stock_->ready(), 2U);
  EXPECT_TRUE(backend_.warmed.empty());
}

TEST_F(StockOrder, WarmsWhatIsMadeInAPause) {
  full(Stock::Warming::kWhenIdle, 16);
  EXPECT_TRUE(backend_.warmed.empty()) << "not while the stock is made";
  EXPECT_GE(time_to_replace({}), milliseconds(2)) << "or it would be made beside the job";
  EXPECT_THAT(backend_.warmed, ElementsAre(16));
  EXPECT_EQ(take(), 16U);
}

TEST_F(StockOrder, MakesLaterAndWarmsNothingWhileJobsRun) {
  full(Stock::Warming::kWhenIdle, 16);
  EXPECT_GE(time_to_replace({.running = true}), milliseconds(10));
  EXPECT_TRUE(backend_.warmed.empty());
}

TEST_F(StockOrder, CountsThePauseFromTheEndOfTheLastJob) {
  full(Stock::Warming::kNone, 16);
  take();
  stock_->want(0, 16, {.running = true});
  // Longer than the pause; nothing is done in it, however slow the machine is.
  std::this_thread::sleep_for(milliseconds(3));
  const auto ended = std::chrono::steady_clock::now();
  stock_->want(0, 16, {});
  while (stock_->ready() < 16) run(milliseconds(1));
  EXPECT_GE(std::chrono::steady_clock::now() - ended, milliseconds(2));
}

TEST_F(StockOrder, MakesNothingInPausesWhileOtherPoolsJobsWait) {
  full(Stock::Warming::kNone, 16);
  take();
  stock_->want(0, 16, {.waiting = true});
  run();
  EXPECT_EQ(stock_->ready(), 15U);
}

}  // namespace
}  // namespace cellblock::engine
