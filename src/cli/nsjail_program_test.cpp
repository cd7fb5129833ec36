#include "cli/nsjail_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace cellblock::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class NsjailProgram : public ::testing::Test {
 protected:
  NsjailProgram() {
    std::string name = (fs::temp_directory_path() / "nsjail-program-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const char* folder : {"empty", "plain", "folder/nsjail", "good"})
      fs::create_directories(root_ / folder);
    std::ofstream(root_ / "plain/nsjail") << "text";
    std::ofstream(root_ / "good/nsjail") << "program";
    ::chmod((root_ / "good/nsjail").c_str(), 0755);
  }
  ~NsjailProgram() override { fs::remove_all(root_); }
  [[nodiscard]] std::string in(const char* folder) const { return (root_ / folder).string(); }

  fs::path root_;
};

Host complete_host() {
  Host host;
  for (const char* name :
       {"user_namespace", "capabilities", "host_admin", "own_uid", "private_proc", "landlock", "cgroup"}) {
    host.walls.push_back({name, true, "as found", {}, sandbox::NeededAt::kNoLevel});
  }
  return host;
}

TEST_F(NsjailProgram, IsTheFirstExecutableFileOnPath) {
  const std::string path = in("empty") + ":" + in("plain") + ":" + in("folder") + ":" + in("good");
  EXPECT_EQ(find_program("nsjail", path), in("good") + "/nsjail");
}

TEST_F(NsjailProgram, IsNotLookedForInRelativeDirectories) {
  const fs::path before = fs::current_path();
  fs::current_path(root_);
  EXPECT_EQ(find_program("nsjail", "good::."), "");
  fs::current_path(before);
  EXPECT_EQ(find_program("nsjail", ""), "");
}

TEST_F(NsjailProgram, IsAWallOfItsOwnAndSaysWhatIsWeaker) {
  Host host = complete_host();
  add_nsjail(host, in("good"));
  EXPECT_EQ(host.nsjail, in("good") + "/nsjail");
  EXPECT_TRUE(accept_nsjail(host));
  EXPECT_EQ(host.walls.back().name, "nsjail");
  EXPECT_TRUE(host.walls.back().stands);
  EXPECT_EQ(host.walls[1].means, "all five sets empty; securebits not locked");
}

TEST_F(NsjailProgram, IsRefusedWithAHintWhereItIsMissing) {
  Host host = complete_host();
  add_nsjail(host, in("empty"));
  const auto accepted = accept_nsjail(host);
  ASSERT_FALSE(accepted);
  EXPECT_THAT(accepted.error().message(), HasSubstr("no program of this name on PATH"));
  EXPECT_THAT(accepted.error().message(), HasSubstr("install nsjail"));
}

TEST_F(NsjailProgram, NeedsTheRightsAndTheCgroupThatJailsAreMadeWith) {
  using sandbox::NeededAt;
  // Only the first is one that level full needs, too.
  for (const char* name : {"user_namespace", "host_admin", "own_uid", "private_proc", "landlock", "cgroup"}) {
    const NeededAt needed_at = name == std::string("user_namespace") ? NeededAt::kFull : NeededAt::kNoLevel;
    Host host = complete_host();
    for (sandbox::WallProbe& wall : host.walls) {
      if (wall.name == name) wall = {name, false, "not here", "get it", needed_at};
    }
    add_nsjail(host, in("good"));
    const auto accepted = accept_nsjail(host);
    ASSERT_FALSE(accepted) << name;
    EXPECT_THAT(accepted.error().message(), HasSubstr(std::string(name) + ": not here"));
  }
}

TEST_F(NsjailProgram, HasFewReadyCellsUnlessTheirNumberIsChosen) {
  config::Options options;
  options.pool_size = 16;
  EXPECT_EQ(with_few_ready_cells(options).pool_size, 2U);
  options.pool_size = 1;
  EXPECT_EQ(with_few_ready_cells(options).pool_size, 1U);
  options.pool_size = 16;
  options.sources["pool-size"] = config::Source::kFlag;
  EXPECT_EQ(with_few_ready_cells(options).pool_size, 16U);
}

}  // namespace
}  // namespace cellblock::cli
