#include "heap/hot_region.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace cellblock::heap {
namespace {

TEST(HotRegionTest, ObjectsLieInTheOrderOfTheLayoutEachAligned) {
  HotRegion region({{1, 20}, {2, 16}, {3, 1}});
  auto* third = static_cast<char*>(region.place(3, 1));
  auto* first = static_cast<char*>(region.place(1, 20));
  auto* second = static_cast<char*>(region.place(2, 16));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(second - first, 32);
  EXPECT_EQ(third - second, 16);
  EXPECT_EQ(region.placed(), 3U);
  EXPECT_EQ(region.size_of(first), 20U);
  EXPECT_EQ(region.size_of(third), 1U);
  EXPECT_EQ(region.size_of(first + 1), 0U);
}

TEST(HotRegionTest, EachPlaceIsGivenOnceAndToItsOwnSizeOnly) {
  HotRegion region({{1, 20}});
  EXPECT_EQ(region.place(1, 19), nullptr);
  EXPECT_EQ(region.place(2, 20), nullptr);
  EXPECT_NE(region.place(1, 20), nullptr);
  EXPECT_EQ(region.place(1, 20), nullptr);
}

TEST(HotRegionTest, KnowsWhatIsInIt) {
  HotRegion region({{1, 16}, {1, 16}, {2, 16}});
  auto* first = static_cast<char*>(region.place(1, 16));
  EXPECT_TRUE(region.contains(first));
  EXPECT_TRUE(region.contains(first + 31));
  EXPECT_FALSE(region.contains(first + 32)) << "a name that comes twice has one place";
  EXPECT_FALSE(region.contains(first - 1));
  EXPECT_FALSE(region.contains(&region));
  EXPECT_FALSE(region.contains(nullptr));
}

TEST(HotRegionTest, AnEmptyOneHasNothing) {
  HotRegion region({});
  EXPECT_EQ(region.place(1, 16), nullptr);
  EXPECT_FALSE(region.contains(nullptr));
}

}  // namespace
}  // namespace cellblock::heap
