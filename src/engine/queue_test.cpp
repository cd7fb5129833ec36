#include "engine/queue.hpp"

#include <gtest/gtest.h>

namespace cellblock::engine {
namespace {

constexpr auto kAny = [](std::size_t) { return true; };

Task task_of(std::size_t pool, const std::string& caller = {}) {
  Task task;
  task.job.pool = pool;
  task.job.caller = caller;
  task.since = std::chrono::steady_clock::now();
  return task;
}

// All that is left, as it would be served.
std::vector<Ticket> order_of(Queue& queue) {
  std::vector<Ticket> order;
  while (auto next = queue.take_next(kAny)) order.push_back(next->first);
  return order;
}

TEST(Queue, GivesTheOldestOfThePoolsThatCanServe) {
  Queue queue(2);
  queue.add(1, task_of(1));
  queue.add(2, task_of(0));
  queue.add(3, task_of(1));
  const auto light = [](std::size_t pool) { return pool == 0; };
  EXPECT_EQ(queue.take_next(light)->first, 2U);
  EXPECT_FALSE(queue.take_next(light).has_value());
  EXPECT_EQ(queue.take_next(kAny)->first, 1U);
  EXPECT_EQ(queue.take_next(kAny)->first, 3U);
  EXPECT_FALSE(queue.take_next(kAny).has_value());
}

TEST(Queue, AJobThatComesBackHasItsTurnStill) {
  Queue queue(1);
  queue.add(7, task_of(0));
  queue.add(8, task_of(0));
  auto first = queue.take_next(kAny);
  queue.add(9, task_of(0));
  queue.add(7, std::move(first->second));
  EXPECT_EQ(order_of(queue), (std::vector<Ticket>{7, 8, 9}));
}

TEST(Queue, CallersTakeTurnsAndEachHasItsOwnInOrder) {
  Queue queue(1);
  for (Ticket ticket = 1; ticket <= 4; ++ticket) queue.add(ticket, task_of(0, "a"));
  queue.add(5, task_of(0, "b"));
  queue.add(6, task_of(0, "b"));
  queue.add(7, task_of(0, "c"));
  EXPECT_EQ(order_of(queue), (std::vector<Ticket>{1, 5, 7, 2, 6, 3, 4}));
}

TEST(Queue, WhoComesIntoACrowdIsInTheNextRound) {
  Queue queue(1);
  for (Ticket ticket = 1; ticket <= 200; ++ticket) queue.add(ticket, task_of(0, "a"));
  for (Ticket ticket = 1; ticket <= 50; ++ticket) EXPECT_EQ(queue.take_next(kAny)->first, ticket);
  queue.add(201, task_of(0, "b"));
  EXPECT_EQ(queue.take_next(kAny)->first, 51U);
  EXPECT_EQ(queue.take_next(kAny)->first, 201U);
}

// A caller that sends the next job when one is taken is forgotten in between.
TEST(Queue, WhoComesAgainAndAgainDoesNotGetAheadOfTheOthers) {
  Queue queue(1);
  queue.add(1, task_of(0, "a"));
  queue.add(2, task_of(0, "b"));
  queue.add(3, task_of(0, "b"));
  EXPECT_EQ(queue.take_next(kAny)->first, 1U);
  queue.add(4, task_of(0, "a"));
  EXPECT_EQ(queue.take_next(kAny)->first, 2U);
  EXPECT_EQ(queue.take_next(kAny)->first, 3U);
  EXPECT_EQ(queue.take_next(kAny)->first, 4U);
}

TEST(Queue, TurnsAreTakenAcrossThePoolsToo) {
  Queue queue(2);
  queue.add(1, task_of(0, "a"));
  queue.add(2, task_of(0, "a"));
  queue.add(3, task_of(1, "b"));
  EXPECT_EQ(order_of(queue), (std::vector<Ticket>{1, 3, 2}));
}

TEST(Queue, TheOldestIsTheOldestWhoseverTurnItIs) {
  Queue queue(1);
  for (Ticket ticket = 1; ticket <= 3; ++ticket) queue.add(ticket, task_of(0, "a"));
  queue.add(4, task_of(0, "b"));
  queue.take_next(kAny);
  EXPECT_EQ(queue.take_oldest(kAny)->first, 2U);
}

TEST(Queue, OneTooManyIsTheNewestOfWhoHasTheMost) {
  Queue queue(1);
  for (Ticket ticket = 1; ticket <= 3; ++ticket) queue.add(ticket, task_of(0, "a"));
  queue.add(4, task_of(0, "b"));
  EXPECT_EQ(queue.take_excess(4, "b")->first, 3U);
  queue.add(5, task_of(0, "b"));
  EXPECT_EQ(queue.take_excess(5, "b")->first, 5U) << "nobody has more";
  EXPECT_FALSE(queue.take_excess(6, "c").has_value()) << "it does not wait";
}

TEST(Queue, NothingIsKeptOfACallerWithoutJobs) {
  Queue queue(2);
  for (Ticket ticket = 1; ticket <= 100; ++ticket)
    queue.add(ticket, task_of(ticket % 2, std::to_string(ticket)));
  EXPECT_EQ(queue.callers(), 100U);
  EXPECT_EQ(order_of(queue).size(), 100U);
  EXPECT_EQ(queue.callers(), 0U);
  EXPECT_TRUE(queue.empty());
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
