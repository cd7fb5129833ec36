#include "engine/queue.hpp"

#include <gtest/gtest.h>

namespace cellblock::engine {
namespace {

Task task_of(std::size_t pool) {
  Task task;
  task.job.pool = pool;
  task.since = std::chrono::steady_clock::now();
  return task;
}

TEST(Queue, GivesTheOldestOfThePoolsThatCanServe) {
  Queue queue(2);
  queue.add(1, task_of(1));
  queue.add(2, task_of(0));
  queue.add(3, task_of(1));
  const auto light = [](std::size_t pool) { return pool == 0; };
  const auto any = [](std::size_t) { return true; };
  EXPECT_EQ(queue.take_oldest(light)->first, 2U);
  EXPECT_FALSE(queue.take_oldest(light).has_value());
  EXPECT_EQ(queue.take_oldest(any)->first, 1U);
  EXPECT_EQ(queue.take_oldest(any)->first, 3U);
  EXPECT_FALSE(queue.take_oldest(any).has_value());
}

TEST(Queue, GoesByTicketAndNotByTheTimeOfAdding) {
  Queue queue(1);
  queue.add(8, task_of(0));
  queue.add(7, task_of(0));
  EXPECT_EQ(queue.take_oldest([](std::size_t) { return true; })->first, 7U);
}

TEST(Queue, FindsATicketInWhicheverPool) {
  Queue queue(3);
  queue.add(5, task_of(2));
  EXPECT_FALSE(queue.take(4).has_value());
  EXPECT_EQ(queue.take(5)->second.job.pool, 2U);
  EXPECT_TRUE(queue.empty());
}

TEST(Queue, CountsByPool) {
  Queue queue(2);
  queue.add(1, task_of(0));
  queue.add(2, task_of(1));
  queue.add(3, task_of(1));
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(queue.size(0), 1U);
  EXPECT_EQ(queue.size(1), 2U);
  EXPECT_LE(queue.since(0), queue.since(1));
}

TEST(Queue, PutsAJobOfNoPoolIntoTheLast) {
  Queue queue(2);
  queue.add(1, task_of(9));
  EXPECT_EQ(queue.size(1), 1U);
}

}  // namespace
}  // namespace cellblock::engine
