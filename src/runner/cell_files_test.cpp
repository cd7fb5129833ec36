#include "runner/cell_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/fd.hpp"

namespace cellblock::runner {
namespace {

using protocol::CellFile;
using FileState = CellFile::State;

class CellFiles : public testing::Test {
 public:
  CellFiles(const CellFiles&) = delete;
  CellFiles& operator=(const CellFiles&) = delete;

 protected:
  CellFiles() {
    std::string path = (std::filesystem::temp_directory_path() / "cell-files-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) ADD_FAILURE() << "no folder to work in";
    home_ = path;
    fd_ = base::Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~CellFiles() override { std::filesystem::remove_all(home_); }

  void leave(const std::string& path, const std::string& content = "x") const {
    std::filesystem::create_directories((home_ / "output" / path).parent_path());
    std::ofstream(home_ / "output" / path) << content;
  }
  [[nodiscard]] std::vector<CellFile> collected(std::uint64_t bytes = 1 << 20) const {
    return collect_files(fd_.get(), bytes);
  }

  std::filesystem::path home_;
  base::Fd fd_;
};

TEST_F(CellFiles, ArePlacedWithTheirFolders) {
  ASSERT_TRUE(
      place_files(fd_.get(), {{"a.txt", "one"}, {"b/c/d.bin", std::string("\0\xff", 2)}, {"b/e", ""}}));
  EXPECT_EQ(*base::read_file(fd_.get(), "a.txt"), "one");
  EXPECT_EQ(*base::read_file(fd_.get(), "b/c/d.bin"), std::string("\0\xff", 2));
  EXPECT_EQ(*base::read_file(fd_.get(), "b/e"), "");
}

TEST_F(CellFiles, ThatCannotBePlacedAreNamed) {
  const auto placed = place_files(fd_.get(), {{"a", "x"}, {"a/b", "y"}});
  ASSERT_FALSE(placed.has_value());
  EXPECT_EQ(placed.error().what, "Could not place the file 'a/b'");
  EXPECT_EQ(placed.error().code, ENOTDIR);
}

TEST_F(CellFiles, AreNotPlacedThroughALink) {
  std::filesystem::create_directory(home_ / "elsewhere");
  std::filesystem::create_symlink("elsewhere", home_ / "link");
  EXPECT_FALSE(place_files(fd_.get(), {{"link/x", "y"}}));
  EXPECT_TRUE(std::filesystem::is_empty(home_ / "elsewhere"));
}

TEST_F(CellFiles, AreCollectedInOrder) {
  leave("b.txt", "two");
  leave("a/z", "");
  leave("a/y", std::string("\0\x80", 2));
  const std::vector<CellFile> expected = {
      {"output/a/y", std::string("\0\x80", 2)}, {"output/a/z", ""}, {"output/b.txt", "two"}};
  EXPECT_EQ(collected(), expected);
}

TEST_F(CellFiles, NothingIsCollectedFromNoFolder) {
  EXPECT_TRUE(collected().empty());
}

TEST_F(CellFiles, WhatIsInTheFoldersPlaceIsNamed) {
  std::ofstream(home_ / "output") << "a file";
  EXPECT_EQ(collected(), (std::vector<CellFile>{{"output", "", FileState::kSpecial}}));
}

TEST_F(CellFiles, AFolderThatIsALinkIsNotFollowed) {
  std::filesystem::create_directory_symlink("/etc", home_ / "output");
  EXPECT_EQ(collected(), (std::vector<CellFile>{{"output", "", FileState::kLink}}));
  std::filesystem::remove(home_ / "output");
  std::filesystem::create_directory_symlink("nowhere", home_ / "output");
  EXPECT_EQ(collected(), (std::vector<CellFile>{{"output", "", FileState::kLink}}));
}

TEST_F(CellFiles, WhatIsNoFileIsNamed) {
  leave("file");
  std::filesystem::create_symlink("/etc/passwd", home_ / "output/link");
  std::filesystem::create_directory_symlink("/", home_ / "output/root");
  ASSERT_EQ(::mkfifo((home_ / "output/fifo").c_str(), 0600), 0);
  leave("bad\nname");
  const std::vector<CellFile> expected = {{"", "", FileState::kName},
                                          {"output/fifo", "", FileState::kSpecial},
                                          {"output/file", "x"},
                                          {"output/link", "", FileState::kLink},
                                          {"output/root", "", FileState::kLink}};
  EXPECT_EQ(collected(), expected);
}

TEST_F(CellFiles, TakeNoMoreRoomThanAllowed) {
  leave("a", std::string(60, 'a'));
  leave("b", std::string(50, 'b'));
  leave("c", std::string(40, 'c'));
  const auto files = collected(100);
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].content.size(), 60U);
  EXPECT_EQ(files[1], (CellFile{"output/b", "", FileState::kTooLarge}));
  EXPECT_EQ(files[2].content.size(), 40U);
}

TEST_F(CellFiles, AreNoMoreThanTheirNumber) {
  for (std::size_t number = 0; number < protocol::kMaxFiles + 5; ++number) leave(std::to_string(number));
  const auto files = collected();
  ASSERT_EQ(files.size(), protocol::kMaxFiles + 1);
  EXPECT_EQ(files.back(), (CellFile{"", "", FileState::kTooMany}));
}

TEST_F(CellFiles, ManySpecialOnesAreCutShort) {
  std::filesystem::create_directory(home_ / "output");
  for (std::size_t number = 0; number < 2 * protocol::kMaxFiles; ++number) {
    std::filesystem::create_symlink("x", home_ / "output" / std::to_string(number));
  }
  const auto files = collected();
  ASSERT_EQ(files.size(), protocol::kMaxFiles);
  EXPECT_EQ(files.back().state, FileState::kTooMany);
  EXPECT_TRUE(protocol::decode_files(protocol::encode_files(files)).has_value());
}

TEST_F(CellFiles, AreNotFollowedForEver) {
  std::filesystem::path deep = home_ / "output";
  for (int level = 0; level < 40; ++level) deep /= "d";
  std::filesystem::create_directories(deep);
  const auto files = collected();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].state, FileState::kTooMany);
}

}  // namespace
}  // namespace cellblock::runner
