#include "heap_tracer/hot_objects.hpp"

#include <gtest/gtest.h>

namespace cellblock::heap_tracer {
namespace {

TEST(HotObjectsTest, AreInTheOrderOfTheirFirstWritesEachOnce) {
  const heap::LiveObjects live = {{100, {1, 16}}, {200, {2, 32}}, {300, {3, 8}}};
  EXPECT_EQ(hot_objects({300, 231, 100, 200, 307, 115}, live), (heap::Layout{{3, 8}, {2, 32}, {1, 16}}));
}

TEST(HotObjectsTest, WritesBetweenObjectsBelongToNone) {
  const heap::LiveObjects live = {{100, {1, 16}}, {200, {2, 32}}};
  EXPECT_TRUE(hot_objects({99, 116, 199, 232, 1000}, live).empty());
  EXPECT_TRUE(hot_objects({100}, {}).empty());
}

}  // namespace
}  // namespace cellblock::heap_tracer
