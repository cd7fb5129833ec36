#include "base/relative_path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cellblock::base {
namespace {

TEST(RelativePath, TakesPlainOnes) {
  for (const std::string& path :
       {std::string("a"), std::string("a/b/c.txt"), std::string(".hidden"), std::string("..."),
        std::string("a..b/c"), std::string("\xc3\xa9 \xe2\x82\xac"), std::string("a\\b"),
        std::string(255, 'x'), std::string("-rf *")}) {
    EXPECT_EQ(fault_of_path(path), "") << path;
  }
}

TEST(RelativePath, NamesTheFaultOfOthers) {
  const std::pair<std::string, std::string_view> faults[] = {
      {"", "is empty"},
      {"/etc/passwd", "must be relative"},
      {"../x", "must not contain '.' or '..'"},
      {"a/../b", "must not contain '.' or '..'"},
      {"a/..", "must not contain '.' or '..'"},
      {"./a", "must not contain '.' or '..'"},
      {"a//b", "has an empty name"},
      {"a/", "has an empty name"},
      {std::string("a\0b", 3), "has a control character"},
      {"a\nb", "has a control character"},
      {"a\x7f", "has a control character"},
      {"\xff", "is not UTF-8"},
      {std::string(256, 'x'), "has a name longer than 255 bytes"},
      {std::string(4096, 'x'), "is longer than 1024 bytes"},
  };
  for (const auto& [path, fault] : faults) EXPECT_EQ(fault_of_path(path), fault) << path;
}

}  // namespace
}  // namespace cellblock::base
