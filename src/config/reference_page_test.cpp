#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "config/reference.hpp"

namespace cellblock::config {
namespace {

TEST(ReferencePage, InTheTreeIsWhatTheOptionTableSays) {
  const std::string path = CELLBLOCK_CONFIGURATION_PAGE;
  if (std::getenv("CELLBLOCK_REGENERATE") != nullptr) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << reference_page();
    ASSERT_TRUE(file.flush().good()) << "can't write " << path;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.is_open()) << "can't read " << path;
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(page == reference_page())
      << path << " is not what the option table says. Rewrite it with\n"
      << "  CELLBLOCK_REGENERATE=1 build/release/config_test --gtest_filter='ReferencePage.*'";
}

}  // namespace
}  // namespace cellblock::config
