#include "engine/retired_cells.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cellblock::engine {
namespace {

using Hurry = RetiredCells::Hurry;
using std::chrono::milliseconds;

class RetiredCellsTest : public ::testing::Test {
 protected:
  class CountedCell final : public Cell {
   public:
    explicit CountedCell(int& alive) : alive_(alive) { ++alive_; }
    ~CountedCell() override { --alive_; }
    CountedCell(const CountedCell&) = delete;
    CountedCell& operator=(const CountedCell&) = delete;
    void run(const Job&, std::function<void(Report)>) override {}
    void end() override {}
    void on_lost(std::function<void()>) override {}

   private:
    int& alive_;
  };

  void retire(Hurry hurry) { retired_.add(std::make_unique<CountedCell>(alive_), hurry); }

  int alive_ = 0;
  boost::asio::io_context context_;
  RetiredCells retired_{context_};
};

TEST_F(RetiredCellsTest, LeavesTimeForTheAnswer) {
  const auto before = std::chrono::steady_clock::now();
  retire(Hurry::kNone);
  retire(Hurry::kNone);
  EXPECT_EQ(alive_, 2) << "never from inside the call";
  context_.run();
  EXPECT_EQ(alive_, 0);
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(1));
}

TEST_F(RetiredCellsTest, MakesRoomForJobsThatWait) {
  retire(Hurry::kNone);
  retire(Hurry::kJobsWait);
  retire(Hurry::kJobsWait);
  EXPECT_EQ(alive_, 3) << "never from inside the call";
  context_.poll();
  EXPECT_EQ(alive_, 0) << "the one in no hurry as well";
  retire(Hurry::kNone);
  context_.restart();
  context_.run();
  EXPECT_EQ(alive_, 0) << "and the next are retired as the first";
}

TEST_F(RetiredCellsTest, ClearsAtOnce) {
  retire(Hurry::kNone);
  retired_.clear();
  EXPECT_EQ(alive_, 0);
  context_.run();
  retire(Hurry::kNone);
  EXPECT_EQ(alive_, 1);
  context_.restart();
  context_.run();
  EXPECT_EQ(alive_, 0);
}

}  // namespace
}  // namespace cellblock::engine
