#include "sandbox/cgroup_v2_place.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace cellblock::sandbox {
namespace {

namespace fs = std::filesystem;
constexpr std::array<pid_t, 2> kService = {100, 101};

// Directories with the files of a hierarchy: what is written to them stays, nothing reacts.
class CgroupPlaceTest : public testing::Test {
 protected:
  CgroupPlaceTest() : top_(fs::path(testing::TempDir()) / ("place-" + std::to_string(::getpid()))) {
    fs::create_directories(top_);
    mounts_.v2_mount = top_;
  }
  ~CgroupPlaceTest() override { fs::remove_all(top_); }

  static void put(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

  // A cgroup with these processes; the one without a name is the top.
  fs::path cgroup(const std::string& path, const std::string& processes) {
    fs::path directory = path.empty() ? top_ : top_ / path;
    fs::create_directories(directory);
    put(directory / "cgroup.procs", processes);
    put(directory / "cgroup.type", "domain\n");
    put(directory / "cgroup.controllers", "cpuset cpu io memory pids\n");
    put(directory / "cgroup.subtree_control", "");
    return directory;
  }

  base::Result<CgroupPlace> place(const fs::path& own, const std::string& root = "") {
    mounts_.v2 = own;
    return find_cgroup_place(mounts_, root, kService);
  }

  static std::string told(const fs::path& directory) {
    const auto text = base::read_file(AT_FDCWD, directory / "cgroup.subtree_control");
    return text ? *text : text.error().message();
  }

  fs::path top_;
  CgroupMounts mounts_;
};

TEST_F(CgroupPlaceTest, AloneInItsCgroupTheServiceMovesIntoALeafOfIt) {
  const auto own = cgroup("unit", "100\n101\n");
  const auto found = place(own);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->directory, own);
  EXPECT_EQ(found->inhabitants, (std::vector<pid_t>{100, 101}));
}

TEST_F(CgroupPlaceTest, BesideOthersItGoesUpToWhereNobodyIs) {
  cgroup("slice", "");
  const auto found = place(cgroup("slice/session", "77\n100\n101\n"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->directory, top_ / "slice");
  EXPECT_TRUE(found->inhabitants.empty());
}

TEST_F(CgroupPlaceTest, TheRealRootMayHaveProcessesAndChildren) {
  cgroup("", "1\n2\n");
  fs::remove(top_ / "cgroup.type");
  const auto found = place(top_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->directory, top_);
  EXPECT_TRUE(found->inhabitants.empty());
}

TEST_F(CgroupPlaceTest, AContainersRootWithOthersInItIsRefusedWithWhatToDo) {
  // 0: a process outside this pid namespace.
  for (const char* processes : {"1\n100\n101\n", "0\n100\n"}) {
    const auto found = place(cgroup("", processes));
    ASSERT_FALSE(found) << processes;
    EXPECT_EQ(found.error().code, EBUSY);
    EXPECT_NE(found.error().hint.find("cgroup.procs"), std::string::npos) << found.error().hint;
  }
}

TEST_F(CgroupPlaceTest, WhatTheOperatorNamesIsTakenOrRefused) {
  const auto own = cgroup("unit", "77\n100\n");
  const auto named = cgroup("cells", "");
  EXPECT_EQ(place(own, named)->directory, named);
  put(named / "cgroup.procs", "77\n");
  EXPECT_EQ(place(own, named).error().code, EBUSY) << "never quietly elsewhere";
  EXPECT_EQ(place(own, top_ / "nowhere").error().code, ENOENT);
}

TEST_F(CgroupPlaceTest, SwitchesOnOnTheWayDownWhatIsMissing) {
  const auto top = cgroup("", "");
  const auto slice = cgroup("slice", "");
  const auto unit = cgroup("slice/unit", "");
  put(top / "cgroup.subtree_control", "cpu memory pids\n");
  put(slice / "cgroup.subtree_control", "memory pids\n");
  const auto enabled = enable_controllers(top, unit);
  ASSERT_TRUE(enabled) << enabled.error().message();
  EXPECT_EQ(told(top), "cpu memory pids\n") << "it has them: nothing to write";
  EXPECT_TRUE(told(slice).starts_with("+cpu")) << told(slice);
  EXPECT_EQ(told(unit), "+cpu +memory +pids");
  EXPECT_EQ(*enabled, (std::vector<std::string>{"cpu", "memory", "pids"}));
}

TEST_F(CgroupPlaceTest, LeavesACgroupOutsideTheMountsWayAlone) {
  const auto elsewhere = cgroup("elsewhere", "");
  EXPECT_TRUE(enable_controllers(top_ / "else", elsewhere));
  EXPECT_EQ(told(elsewhere), "+cpu +memory +pids");
}

TEST_F(CgroupPlaceTest, ListsTheControllersThatAreMissing) {
  const base::Fd directory(::open(cgroup("unit", "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(missing_controllers(directory.get(), "cgroup.controllers").empty());
  put(top_ / "unit/cgroup.controllers", "cpuset memory\n");
  EXPECT_EQ(missing_controllers(directory.get(), "cgroup.controllers"),
            (std::vector<std::string>{"cpu", "pids"}));
  EXPECT_EQ(missing_controllers(directory.get(), "no.such.file").size(), 3U);
}

TEST(ServicePid, IsTheNumberBeforeTheDash) {
  EXPECT_EQ(service_pid("123-abcd"), 123);
  for (const char* id : {"", "123", "x-1", "-5-a", "0-a"}) EXPECT_EQ(service_pid(id), -1) << id;
}

}  // namespace
}  // namespace cellblock::sandbox
