#include "sandbox/cgroup_mounts.hpp"

#include <gtest/gtest.h>

#include "sandbox/cgroup_files.hpp"

namespace cellblock::sandbox {
namespace {

TEST(CgroupMounts, FindsTheOwnDirectoryOfEachV1Controller) {
  const auto mounts = parse_cgroup_mounts(
      "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      "4:memory:/user/a\n1:cpu,cpuacct:/\n0::/\n");
  EXPECT_EQ(mounts.v1.at("memory"), "/sys/fs/cgroup/memory/user/a");
  EXPECT_EQ(mounts.v1.at("cpu"), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(mounts.v1.at("cpuacct"), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(mounts.v2, "/sys/fs/cgroup/unified");
}

TEST(CgroupMounts, AContainersMountShowsOnlyItsOwnPart) {
  const auto mounts =
      parse_cgroup_mounts("31 25 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
                          "4:memory:/docker/abc\n");
  EXPECT_EQ(mounts.v1.at("memory"), "/sys/fs/cgroup/memory");
  EXPECT_FALSE(mounts.v2.has_value());
}

TEST(CgroupMounts, FindsTheUnifiedHierarchy) {
  const auto mounts = parse_cgroup_mounts("30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n",
                                          "0::/system.slice/cellblock.service\n");
  EXPECT_EQ(mounts.v2, "/sys/fs/cgroup/system.slice/cellblock.service");
  EXPECT_EQ(mounts.v2_mount, "/sys/fs/cgroup");
}

TEST(KeyedValue, FindsTheWholeKeyOnly) {
  EXPECT_EQ(keyed_value("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"), 3U);
  EXPECT_EQ(keyed_value("low 0\noom 1\noom_kill 2", "oom"), 1U);
  EXPECT_EQ(keyed_value("", "oom"), 0U);
}

}  // namespace
}  // namespace cellblock::sandbox
