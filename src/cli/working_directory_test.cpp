#include "cli/working_directory.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "config/value.hpp"

namespace cellblock::cli {
namespace {

class WorkingDirectoryTest : public ::testing::Test {
 protected:
  WorkingDirectoryTest() { std::filesystem::create_directories(folder_ + "/inner"); }
  ~WorkingDirectoryTest() override { std::filesystem::remove_all(folder_); }

  bool takes(const std::string& place) {
    options_.working_directory = place;
    return check_working_directory(options_).has_value();
  }

  const std::string folder_ =
      std::string("/opt/cellblock_") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  config::Options options_ = config::default_options();
};

TEST_F(WorkingDirectoryTest, IsAPlaceThatEveryCellHas) {
  for (const char* place : {"/tmp", "/", "/dev/shm", "/usr/lib", "/usr/lib/python3.11"})
    EXPECT_TRUE(takes(place)) << place;
  for (const char* place : {"/app", "/home", "/usr", "/tmp/below", "/usr/lib/none", "/etc"})
    EXPECT_FALSE(takes(place)) << place;
}

TEST_F(WorkingDirectoryTest, MayBeOneOfTheOperators) {
  options_.scratch = {"/work:1"};
  options_.binds = {folder_ + ":/data"};
  EXPECT_TRUE(takes("/work"));
  EXPECT_FALSE(takes("/work/below"));
  EXPECT_TRUE(takes("/data"));
  EXPECT_TRUE(takes("/data/inner"));
  EXPECT_FALSE(takes("/data/none"));
  EXPECT_FALSE(takes(folder_));
  options_.library_path = {folder_};
  EXPECT_TRUE(takes(folder_ + "/inner"));
}

}  // namespace
}  // namespace cellblock::cli
