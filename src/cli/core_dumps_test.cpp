#include "cli/core_dumps.hpp"

#include <gtest/gtest.h>

namespace cellblock::cli {
namespace {

TEST(CoreDumps, IntoFilesAreNotWorthAWord) {
  for (const char* pattern : {"", "core\n", "/var/crash/core.%p\n", "core|x\n"}) {
    EXPECT_EQ(told_of_core_dumps(pattern, true), "") << pattern;
    EXPECT_EQ(told_of_core_dumps(pattern, false), "") << pattern;
  }
}

TEST(CoreDumps, IntoAPipeAreStoppedWhereTheLimitCanBeSet) {
  const char* pattern = "|/usr/lib/systemd/systemd-coredump %P %u %g\n";
  EXPECT_NE(told_of_core_dumps(pattern, true).find("makes none"), std::string::npos);
  EXPECT_NE(told_of_core_dumps(pattern, false).find("LimitCORE=1"), std::string::npos);
}

TEST(CoreDumps, IntoASocketAreNotStopped) {
  EXPECT_NE(told_of_core_dumps("@/run/dumps.socket\n", true).find("may go there too"), std::string::npos);
}

}  // namespace
}  // namespace cellblock::cli
