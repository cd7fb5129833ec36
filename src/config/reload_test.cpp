#include "config/reload.hpp"

#include <gmock/gmock.h>

#include "config/option_table.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReloadTest, NothingDiffers) {
  Options running = default_options();
  const Reloaded told = take_over(default_options(), running);
  EXPECT_THAT(told.changed, IsEmpty());
  EXPECT_THAT(told.waiting, IsEmpty());
}

TEST(ReloadTest, TakesOverWhatNeedsNoRestartAndNothingElse) {
  Options running = default_options();
  Options wanted = default_options();
  wanted.time_limit = std::chrono::seconds(10);
  wanted.policy = Policy::kStrict;
  wanted.memory_bytes = 64ULL << 20U;
  wanted.cgroup_root = "/sys/fs/cgroup/x";
  const Reloaded told = take_over(wanted, running);
  EXPECT_THAT(told.changed, ElementsAre("time-limit: 30 s -> 10 s", "policy: sandbox -> strict"));
  EXPECT_THAT(told.waiting,
              ElementsAre("memory-mb: 512 MB -> 64 MB", "cgroup-root: empty -> /sys/fs/cgroup/x"));
  EXPECT_EQ(running.time_limit, std::chrono::seconds(10));
  EXPECT_EQ(running.policy, Policy::kStrict);
  EXPECT_EQ(running.memory_bytes, 512ULL << 20U);
  EXPECT_EQ(running.cgroup_root, "");
}

TEST(ReloadTest, WhatWaitsIsToldEachTime) {
  Options running = default_options();
  Options wanted = default_options();
  wanted.port = 9;
  static_cast<void>(take_over(wanted, running));
  EXPECT_THAT(take_over(wanted, running).waiting, ElementsAre("port: 8080 -> 9"));
}

// What decides how cells are made or what they hold was handed to the jailer at the start.
TEST(ReloadTest, NoWallIsChangedUnderARunningService) {
  for (const OptionSpec& spec : option_table()) {
    for (const char* fixed : {"isolation", "dangerously-run-without-isolation", "uid-base", "cgroup-root",
                              "library-path", "memory-mb", "processes", "cpus", "host", "port"}) {
      EXPECT_TRUE(spec.name != fixed || spec.restart) << fixed;
    }
  }
}

}  // namespace
}  // namespace cellblock::config
