#include "cli/cell_view.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "config/value.hpp"

namespace cellblock::cli {
namespace {

using ::testing::HasSubstr;

class CellViewTest : public ::testing::Test {
 protected:
  CellViewTest() { std::filesystem::create_directory(folder_); }
  ~CellViewTest() override { std::filesystem::remove_all(folder_); }

  std::string error(bool namespaces = true) const {
    const auto checked = check_cell_view(options_, namespaces);
    return checked ? "" : checked.error().message();
  }

  // Below /opt nothing is private.
  const std::string folder_ =
      std::string("/opt/cellblock_") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  config::Options options_ = config::default_options();
};

TEST_F(CellViewTest, NeedsNamespacesForAllThatIsNoVariable) {
  options_.cell_environment = {"A=b"};
  EXPECT_EQ(error(false), "");
  options_.scratch = {"/scratch:1"};
  EXPECT_EQ(error(true), "");
  EXPECT_THAT(error(false), HasSubstr("tmpfs"));
}

TEST_F(CellViewTest, WantsAHostNameOnlyWhereThereIsOne) {
  options_.hostname = "other";
  options_.sources["hostname"] = config::Source::kFlag;
  EXPECT_EQ(error(true), "");
  EXPECT_THAT(error(false), HasSubstr("hostname"));
}

TEST_F(CellViewTest, WantsPlacesApartAndCallsThatExist) {
  options_.scratch = {"/a/b:1", "/a/bc:1"};
  options_.refused_calls = {"mkdir"};
  EXPECT_EQ(error(), "");
  options_.scratch = {"/a/b:1", "/a:1"};
  EXPECT_THAT(error(), HasSubstr("/a/b to cells: it lies within /a"));
  options_.scratch = {"/a:1", "/a:1"};
  EXPECT_THAT(error(), HasSubstr("within"));
  options_.scratch.clear();
  options_.refused_calls = {"mkdirr"};
  EXPECT_THAT(error(), HasSubstr("no system call 'mkdirr'"));
  options_.refused_calls = {"read"};
  EXPECT_THAT(error(), HasSubstr("cells need 'read'"));
}

TEST_F(CellViewTest, RefusesWhatIsNotThere) {
  options_.binds = {folder_};
  EXPECT_EQ(error(), "");
  options_.binds = {folder_ + "/none"};
  EXPECT_THAT(error(), HasSubstr("No such file"));
}

TEST_F(CellViewTest, LooksBehindLinksForWhatIsPrivate) {
  std::filesystem::create_symlink("/etc", folder_ + "/link");
  options_.binds = {folder_ + "/link:/data"};
  EXPECT_THAT(error(), HasSubstr("dangerously-show-private-files"));
  options_.show_private_files = true;
  EXPECT_EQ(error(), "");
  options_.binds = {"/proc/1:/data"};
  EXPECT_THAT(error(), HasSubstr("processes"));
}

TEST_F(CellViewTest, BindsWritableOnlyWithAnAlarmingOptionAndApartFromCode) {
  std::filesystem::create_directory(folder_ + "/inner");
  options_.binds = {folder_ + ":/data:rw"};
  EXPECT_THAT(error(), HasSubstr("dangerously-bind-writable allows it"));
  options_.bind_writable = true;
  EXPECT_EQ(error(), "");
  options_.library_path = {folder_ + "/inner"};
  EXPECT_THAT(error(), HasSubstr("is shown read-only"));
  options_.library_path.clear();
  options_.cell_links = {"/a=/data"};
  EXPECT_THAT(error(), HasSubstr("cell-links"));
  options_.cell_links.clear();
  options_.backend = config::Backend::kNsjail;
  EXPECT_THAT(error(), HasSubstr("backend nsjail"));
  options_.backend = config::Backend::kNative;
  // By its true path.
  std::filesystem::create_symlink("/usr/share", folder_ + "/link");
  options_.binds = {folder_ + "/link:/data:rw"};
  EXPECT_THAT(error(), HasSubstr("/usr has code"));
  options_.binds = {"/etc:/data:rw"};
  options_.show_private_files = true;
  EXPECT_THAT(error(), HasSubstr("/etc has code"));
}

TEST_F(CellViewTest, StartsNothingOnlyFromPlacesThatItKnows) {
  options_.scratch = {"/scratch:1"};
  options_.no_exec = {"/tmp", "/scratch"};
  EXPECT_EQ(error(), "");
  options_.no_exec = {"/usr"};
  EXPECT_THAT(error(), HasSubstr("no-exec: /usr"));
}

TEST_F(CellViewTest, CopiesFilesUpToAMegabyte) {
  const std::string file = folder_ + "/file";
  options_.binds = {file + ":/file"};
  std::ofstream(file) << std::string(1U << 20U, 'x');
  EXPECT_EQ(error(), "");
  std::ofstream(file, std::ios::app) << 'x';
  EXPECT_THAT(error(), HasSubstr("1 MB"));
}

TEST_F(CellViewTest, ReadsASandboxConfigOrTellsAllItsFaultsWithTheirLines) {
  const std::string file = folder_ + "/nsjail.cfg";
  std::ofstream(file) << "time_limit: 10\nhostname: \"box\"\n";
  const auto good = read_sandbox_config(file, options_);
  EXPECT_TRUE(good.problems.empty());
  EXPECT_EQ(good.values.at("time-limit"), std::vector<std::string>{"10"});
  std::ofstream(file) << "keep_env: true\n\nclone_newnet: false\n";
  const auto bad = read_sandbox_config(file, options_);
  ASSERT_EQ(bad.problems.size(), 3U);
  EXPECT_THAT(bad.problems[0], HasSubstr("line 1, column 1: keep_env = true: refused"));
  EXPECT_THAT(bad.problems[1], HasSubstr("line 3, column 1: clone_newnet = false: refused"));
  EXPECT_TRUE(bad.values.empty());
  EXPECT_THAT(read_sandbox_config(folder_ + "/none", options_).problems.front(), HasSubstr("No such file"));
}

}  // namespace
}  // namespace cellblock::cli
