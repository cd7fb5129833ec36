#include "service/requested_limits.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace cellblock::service {
namespace {

using std::chrono::milliseconds;

RequestedLimits only(std::string_view name, double value) {
  RequestedLimits requested;
  for (std::size_t i = 0; i < kLimitFields.size(); ++i) {
    if (kLimitFields[i].name == name) requested[i] = value;
  }
  return requested;
}

TEST(ResolveLimits, LeavesTheOperatorsLimitsWhenNothingIsAsked) {
  EXPECT_EQ(resolve_limits({}, engine::Limits{}).value(), engine::Limits{});
}

TEST(ResolveLimits, LowersEachLimitInItsUnit) {
  const engine::Limits allowed;
  EXPECT_EQ(resolve_limits(only("wall_s", 0.25), allowed)->wall, milliseconds(250));
  EXPECT_EQ(resolve_limits(only("cpu_s", 2), allowed)->cpu, milliseconds(2000));
  EXPECT_EQ(resolve_limits(only("memory_mb", 64), allowed)->memory_bytes, 64U << 20U);
  EXPECT_EQ(resolve_limits(only("processes", 1), allowed)->processes, 1U);
  EXPECT_EQ(resolve_limits(only("file_mb", 1), allowed)->file_bytes, 1U << 20U);
  EXPECT_EQ(resolve_limits(only("output_kb", 3), allowed)->output_bytes, 3072U);
}

TEST(ResolveLimits, LowersOnlyWhatIsAsked) {
  engine::Limits expected;
  expected.processes = 4;
  EXPECT_EQ(resolve_limits(only("processes", 4), engine::Limits{}).value(), expected);
}

TEST(ResolveLimits, TakesExactlyTheOperatorsLimitAndRefusesMore) {
  const engine::Limits allowed;
  EXPECT_EQ(resolve_limits(only("wall_s", 30), allowed).value(), allowed);
  const auto more = resolve_limits(only("wall_s", 30.5), allowed);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().status, engine::Status::kInvalidRequest);
  EXPECT_EQ(more.error().message, "Field 'limits.wall_s' is 30.5, but at most 30 is allowed");
  EXPECT_EQ(resolve_limits(only("memory_mb", 513), allowed).error().message,
            "Field 'limits.memory_mb' is 513, but at most 512 is allowed");
  EXPECT_EQ(resolve_limits(only("memory_mb", 1e30), allowed).error().message,
            "Field 'limits.memory_mb' is 1e+30, but at most 512 is allowed");
}

TEST(ResolveLimits, NeverRoundsAPositiveLimitToZero) {
  EXPECT_EQ(resolve_limits(only("wall_s", 1e-9), engine::Limits{})->wall, milliseconds(1));
}

TEST(ResolveLimits, RefusesWhatIsNoPositiveNumber) {
  for (const double value :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(resolve_limits(only("cpu_s", value), engine::Limits{}).error().message,
              "Field 'limits.cpu_s' must be a positive number");
  }
}

TEST(ResolveLimits, RefusesFractionsOfWhatIsCounted) {
  EXPECT_EQ(resolve_limits(only("processes", 1.5), engine::Limits{}).error().message,
            "Field 'limits.processes' must be a whole number, not 1.5");
}

}  // namespace
}  // namespace cellblock::service
