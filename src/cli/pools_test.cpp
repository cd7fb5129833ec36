#include "cli/pools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cellblock::cli {
namespace {

using testing::ElementsAre;

config::Options options() {
  config::Options options;
  options.pool_size = 20;
  options.preload_light = {"json"};
  options.preload = {"numpy"};
  options.preload_extended = {"scipy"};
  return options;
}

TEST(Pools, GrowFromLightToExtended) {
  const Pools pools = pools_of(options());
  EXPECT_THAT(pools.modules,
              ElementsAre(ElementsAre("json"), ElementsAre("numpy"), ElementsAre("numpy", "scipy")));
  EXPECT_THAT(pools.names, ElementsAre("light", "main", "extended"));
  EXPECT_THAT(pools.sizes, ElementsAre(20, 20, 2));
  EXPECT_EQ(ready_cells(pools), 42U);
}

TEST(Pools, AreAsManyAsThereAreLists) {
  auto few = options();
  few.preload.clear();
  EXPECT_THAT(pools_of(few).modules, ElementsAre(ElementsAre("json"), ElementsAre("scipy")));
  few.preload_extended.clear();
  EXPECT_THAT(pools_of(few).modules, ElementsAre(ElementsAre("json")));
  few.preload_light.clear();
  EXPECT_THAT(pools_of(few).modules, ElementsAre(ElementsAre()));
}

TEST(Pools, AreWorthWarmingFromTheFirstWithPandasOn) {
  auto some = options();
  EXPECT_EQ(pools_of(some).first_warmed, 3U) << "none";
  some.preload = {"numpy", "pandas"};
  EXPECT_EQ(pools_of(some).first_warmed, 1U);
  some.preload = {"numpy"};
  some.preload_extended = {"pandas"};
  EXPECT_EQ(pools_of(some).first_warmed, 2U);
  some.preload_light = {"pandas"};
  EXPECT_EQ(pools_of(some).first_warmed, 0U);
}

TEST(Pools, HaveACellEach) {
  auto small = options();
  small.pool_size = 1;
  EXPECT_THAT(pools_of(small).sizes, ElementsAre(1, 1, 1));
}

TEST(Pools, OfOneScriptAreOne) {
  EXPECT_THAT(pool_for(options(), "import numpy").modules, ElementsAre(ElementsAre("numpy")));
  EXPECT_THAT(pool_for(options(), "").modules, ElementsAre(ElementsAre("json")));
  EXPECT_EQ(ready_cells(pool_for(options(), "")), 1U);
}

}  // namespace
}  // namespace cellblock::cli
