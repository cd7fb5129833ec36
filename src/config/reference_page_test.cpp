#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "config/man_page.hpp"
#include "config/reference.hpp"

namespace cellblock::config {
namespace {

// Compares, or rewrites first.
void expect_same(const std::string& path, const std::string& wanted) {
  if (std::getenv("CELLBLOCK_REGENERATE") != nullptr) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << wanted;
    ASSERT_TRUE(file.flush().good()) << "can't write " << path;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.is_open()) << "can't read " << path;
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(page == wanted)
      << path << " is not what the option table says. Rewrite it with\n"
      << "  CELLBLOCK_REGENERATE=1 build/release/config_test --gtest_filter='ReferencePage.*'";
}

TEST(ReferencePage, InTheTreeIsWhatTheOptionTableSays) {
  expect_same(CELLBLOCK_CONFIGURATION_PAGE, reference_page());
}

TEST(ReferencePage, TheManPageIsToo) {
  expect_same(CELLBLOCK_MAN_PAGE, man_page());
}

}  // namespace
}  // namespace cellblock::config
