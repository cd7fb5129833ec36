#include <gtest/gtest.h>

#include <algorithm>

#include "sandbox/probe.hpp"

namespace cellblock::sandbox {
namespace {

// A host on which everything stands but what is named.
std::vector<WallProbe> host_without(const std::vector<std::string>& missing) {
  std::vector<WallProbe> walls;
  const auto add = [&](const char* name, NeededAt level) {
    const bool stands = std::find(missing.begin(), missing.end(), name) == missing.end();
    walls.push_back({name, stands, "means", stands ? "" : "fix", level});
  };
  for (const char* name : {"user_namespace", "pid_namespace", "read_only_tree"}) add(name, NeededAt::kFull);
  for (const char* name : {"capabilities", "seccomp"}) add(name, NeededAt::kBoth);
  for (const char* name : {"landlock", "own_uid"}) add(name, NeededAt::kRestricted);
  for (const char* name : {"own_inodes", "private_proc", "host_admin", "cgroup"})
    add(name, NeededAt::kNoLevel);
  return walls;
}

TEST(LevelOf, IsTheHighestThatMissesNothing) {
  EXPECT_EQ(level_of(host_without({})), Level::kFull);
  EXPECT_EQ(
      level_of(host_without({"landlock", "own_uid", "cgroup", "private_proc", "host_admin", "own_inodes"})),
      Level::kFull);
  for (const char* wall : {"user_namespace", "pid_namespace", "read_only_tree"}) {
    EXPECT_EQ(level_of(host_without({wall})), Level::kRestricted) << wall;
    EXPECT_EQ(level_of(host_without({wall, "landlock"})), Level::kNone) << wall;
    EXPECT_EQ(level_of(host_without({wall, "own_uid"})), Level::kNone) << wall;
  }
  for (const char* wall : {"capabilities", "seccomp"}) {
    EXPECT_EQ(level_of(host_without({wall})), Level::kNone) << wall;
  }
}

TEST(PlanOf, TakesWhatStands) {
  EXPECT_EQ(plan_of(host_without({}), Level::kFull), Walls{});
  const Walls plan =
      plan_of(host_without({"own_inodes", "private_proc", "cgroup", "landlock"}), Level::kFull);
  EXPECT_TRUE(plan.namespaces);
  EXPECT_FALSE(plan.own_inodes || plan.private_proc || plan.cgroups || plan.landlock);
}

TEST(PlanOf, MapsOtherUidsWithTheHostsRightsOnly) {
  EXPECT_FALSE(plan_of(host_without({"host_admin"}), Level::kFull).own_uid);
  EXPECT_TRUE(plan_of(host_without({"host_admin", "user_namespace"}), Level::kRestricted).own_uid);
}

TEST(PlanOf, RootWithoutTheHostsRightsHasNoCgroup) {
  EXPECT_FALSE(plan_of(host_without({"host_admin"}), Level::kFull).cgroups);
  EXPECT_TRUE(plan_of(host_without({"host_admin", "own_uid"}), Level::kFull).cgroups)
      << "a user's delegated one";
}

TEST(TellWhatIsLeftOut, NoWallStandsThatNoCellHas) {
  for (const Level level : {Level::kFull, Level::kRestricted}) {
    auto walls = host_without({"host_admin"});
    const Walls plan = plan_of(walls, level);
    tell_what_is_left_out(walls, plan);
    for (const WallProbe& wall : walls) {
      EXPECT_TRUE(wall.name != "own_uid" || wall.stands == plan.own_uid);
      EXPECT_TRUE(wall.name != "cgroup" || wall.stands == plan.cgroups);
      EXPECT_EQ(wall.stands, wall.fix.empty()) << wall.name;
    }
  }
  auto whole = host_without({});
  tell_what_is_left_out(whole, Walls{});
  EXPECT_TRUE(std::all_of(whole.begin(), whole.end(), [](const auto& wall) { return wall.stands; }));
}

const WallProbe& named(const std::vector<WallProbe>& limits, const std::string& name) {
  return *std::find_if(limits.begin(), limits.end(), [&](const auto& limit) { return limit.name == name; });
}

TEST(LimitsOf, NamesTheMeansOfEach) {
  const auto with = limits_of(Walls{}, "cgroup v2");
  EXPECT_EQ(named(with, "memory_limit").means, "cgroup v2");
  EXPECT_TRUE(named(with, "cpu_share").stands);
  Walls plan;
  plan.cgroups = false;
  const auto without = limits_of(plan, "permission denied");
  EXPECT_NE(named(without, "memory_limit").means.find("RLIMIT_DATA"), std::string::npos);
  EXPECT_FALSE(named(without, "cpu_share").stands);
  EXPECT_FALSE(named(without, "cpu_share").fix.empty());
  EXPECT_EQ(with.size(), without.size());
}

TEST(LimitsOf, NothingIsSaidToBeSampledWhereNothingCanBe) {
  Walls plan;
  plan.cgroups = false;
  plan.private_proc = false;
  for (const char* name : {"memory_limit", "cpu_time"}) {
    EXPECT_FALSE(named(limits_of(plan, ""), name).stands) << name;
    EXPECT_FALSE(named(limits_of(plan, ""), name).fix.empty()) << name;
  }
  // Without namespaces the host's /proc shows the cells.
  plan.namespaces = false;
  EXPECT_TRUE(named(limits_of(plan, ""), "memory_limit").stands);
  EXPECT_EQ(limits_of(plan, "").size(), limits_of(Walls{}, "").size());
}

}  // namespace
}  // namespace cellblock::sandbox
