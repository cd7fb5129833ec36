#include "sandbox/probe.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cellblock::sandbox {
namespace {

constexpr std::uint32_t kUid = 1'900'000'000;

// Which walls stand is this host's affair; what is said of them is not.
TEST(ProbeWalls, SaysOfEachWallWhatItIsOrWhatToDo) {
  std::set<std::string> names;
  for (const WallProbe& wall : probe_walls("", kUid)) {
    EXPECT_TRUE(names.insert(wall.name).second) << wall.name << " comes twice";
    EXPECT_FALSE(wall.means.empty()) << wall.name;
    EXPECT_EQ(wall.fix.empty(), wall.stands) << wall.name << ": " << wall.means;
  }
  for (const char* name : {"user_namespace", "pid_namespace", "mount_namespace", "network_namespace",
                           "read_only_tree", "private_proc", "capabilities", "seccomp", "landlock",
                           "host_admin", "own_uid", "own_inodes", "cgroup", "explained_denials"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(ProbeWalls, LeavesThisProcessAsItWas) {
  const auto before = probe_walls("", kUid);
  const auto after = probe_walls("", kUid);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t index = 0; index < before.size(); ++index) {
    EXPECT_EQ(before[index].stands, after[index].stands) << before[index].name << ": " << after[index].means;
  }
}

}  // namespace
}  // namespace cellblock::sandbox
