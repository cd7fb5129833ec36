#include "heap/allocation_names.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cellblock::heap {
namespace {

TEST(AllocationNamesTest, AreTheSameInEachStart) {
  AllocationNames one;
  AllocationNames other;
  for (AllocationNames* names : {&one, &other}) names->begin("json");
  for (const std::size_t size : {16U, 32U, 16U, 2048U}) EXPECT_EQ(one.next(size), other.next(size));
}

TEST(AllocationNamesTest, DependOnPartSizeAndOrderOnly) {
  AllocationNames names;
  names.begin("json");
  names.next(64);
  const std::uint64_t second = names.next(64);
  AllocationNames other;
  other.begin("json");
  other.next(64);
  other.next(128);  // of another size in between
  EXPECT_EQ(other.next(64), second);
  other.begin("re");
  other.next(64);
  EXPECT_NE(other.next(64), second);
}

TEST(AllocationNamesTest, APartThatComesAgainIsAnotherOne) {
  AllocationNames names;
  std::set<std::uint64_t> seen;
  for (int time = 0; time < 100; ++time) {
    names.begin("json");
    for (std::size_t size = 1; size <= 100; ++size) seen.insert(names.next(size));
  }
  EXPECT_EQ(seen.size(), 10'000U);
  EXPECT_FALSE(seen.contains(0));
}

TEST(AllocationNamesTest, WhatIsEmptyOrTooLargeHasNone) {
  AllocationNames names;
  EXPECT_EQ(names.next(0), 0U);
  EXPECT_NE(names.next(kLargestPlaced), 0U);
  EXPECT_EQ(names.next(kLargestPlaced + 1), 0U);
}

}  // namespace
}  // namespace cellblock::heap
