#include "sandbox/directory_figures.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cellblock::sandbox {
namespace {

namespace fs = std::filesystem;

class MeasureDirectory : public testing::Test {
 protected:
  MeasureDirectory() : path_(fs::temp_directory_path() / ("measure-" + std::to_string(::getpid()))) {
    fs::create_directory(path_);
  }
  ~MeasureDirectory() override { fs::remove_all(path_); }

  fs::path path_;
};

TEST_F(MeasureDirectory, CountsFilesBelow) {
  fs::create_directories(path_ / "a" / "b");
  std::ofstream(path_ / "a" / "b" / "file") << std::string(100'000, 'x');
  const DirectoryFigures figures = measure_directory(path_, 100);
  EXPECT_EQ(figures.entries, 3U);
  EXPECT_GE(figures.bytes, 100'000U);
  EXPECT_LT(figures.bytes, 200'000U);
}

TEST_F(MeasureDirectory, FollowsNoLink) {
  fs::create_symlink("/usr", path_ / "out");
  fs::create_symlink(".", path_ / "loop");
  EXPECT_EQ(measure_directory(path_, 100).entries, 2U);
  EXPECT_EQ(measure_directory(path_ / "out", 100).entries, 0U);
}

TEST_F(MeasureDirectory, StopsBeyondTheBound) {
  for (int number = 0; number < 50; ++number) std::ofstream(path_ / std::to_string(number)) << "x";
  EXPECT_EQ(measure_directory(path_, 50).entries, 50U);
  EXPECT_EQ(measure_directory(path_, 49).entries, 50U);
}

TEST_F(MeasureDirectory, TellsADeepNestAsTooMany) {
  fs::path deep = path_;
  for (int level = 0; level < 80; ++level) deep /= "d";
  fs::create_directories(deep);
  EXPECT_GT(measure_directory(path_, 1000).entries, 1000U);
}

TEST_F(MeasureDirectory, NothingWhereNothingIs) {
  EXPECT_EQ(measure_directory(path_ / "absent", 10).entries, 0U);
}

}  // namespace
}  // namespace cellblock::sandbox
