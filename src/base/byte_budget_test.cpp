#include "base/byte_budget.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cellblock::base {
namespace {

using Use = ByteBudget::Use;

constexpr std::uint64_t kMegabyte = 1U << 20U;

TEST(ByteBudget, GivesRequestsHalfAndAnswersTheRest) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.take(50, Use::kRequest));
  EXPECT_FALSE(budget.take(1, Use::kRequest));
  EXPECT_TRUE(budget.take(50, Use::kAnswer));
  EXPECT_FALSE(budget.take(1, Use::kAnswer));
  EXPECT_FALSE(budget.take(~0ULL, Use::kAnswer)) << "no wrapping round";
  budget.give_back(60);
  EXPECT_TRUE(budget.take(10, Use::kRequest));
  EXPECT_EQ(budget.used(), 50U);
}

TEST(Lease, FollowsItsHolderAndEndsWithIt) {
  const auto budget = std::make_shared<ByteBudget>(4 * kMegabyte);
  {
    Lease lease(budget, Use::kRequest);
    EXPECT_TRUE(lease.resize(2 * kMegabyte));
    EXPECT_FALSE(lease.resize(2 * kMegabyte + 1));
    EXPECT_EQ(budget->used(), 2 * kMegabyte) << "a refusal changes nothing";
    EXPECT_TRUE(lease.resize(kMegabyte));
    EXPECT_EQ(budget->used(), kMegabyte);
  }
  EXPECT_EQ(budget->used(), 0U);
}

TEST(Lease, OfSmallThingsIsFreeEvenOfAnEmptyBudget) {
  const auto nothing = std::make_shared<ByteBudget>(0);
  Lease lease(nothing, Use::kRequest);
  EXPECT_TRUE(lease.resize(Lease::kFreeBytes));
  EXPECT_FALSE(lease.resize(Lease::kFreeBytes + 1));
  Lease unbounded(nullptr, Use::kRequest);
  EXPECT_TRUE(unbounded.resize(~0ULL));
}

TEST(Lease, NeverGoesBeyondTheBudgetFromManyThreads) {
  const auto budget = std::make_shared<ByteBudget>(8 * kMegabyte);
  std::atomic<bool> beyond{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        Lease lease(budget, Use::kAnswer);
        if (lease.resize(3 * kMegabyte) && budget->used() > 8 * kMegabyte) beyond = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(beyond);
  EXPECT_EQ(budget->used(), 0U);
}

}  // namespace
}  // namespace cellblock::base
