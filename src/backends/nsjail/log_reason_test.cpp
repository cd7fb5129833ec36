#include "backends/nsjail/log_reason.hpp"

#include <gtest/gtest.h>

namespace cellblock::backends::nsjail {
namespace {

TEST(LogReason, IsTheFirstErrorWithoutItsPlace) {
  EXPECT_EQ(
      log_reason("[W][2026-11-22T00:00:00+0000][7] void a::warn():12 careful\n"
                 "[E][2026-11-22T00:00:00+0000][1] bool mnt::initNs(nsj_t *)():93 Couldn't mount '/usr'\n"
                 "[E][2026-11-22T00:00:00+0000][1] void b():1 later\n"
                 "[F][2026-11-22T00:00:00+0000][1] void c():2 Launching child process failed\n"),
      "nsjail: Couldn't mount '/usr'");
}

TEST(LogReason, IsAWarningWhereThereIsNoError) {
  EXPECT_EQ(log_reason("[W][x][7] f():12 clone(flags) failed: Operation not permitted"),
            "nsjail: clone(flags) failed: Operation not permitted");
  EXPECT_EQ(log_reason("[F][x][7] f():12 the end\n"), "nsjail: the end");
}

TEST(LogReason, IsSaidEvenOfAnEmptyOrStrangeLog) {
  EXPECT_EQ(log_reason(""), "nsjail has ended without a word");
  EXPECT_EQ(log_reason("Segmentation fault\n"), "nsjail has ended without a word");
  EXPECT_EQ(log_reason("[E"), "nsjail has ended without a word");
  EXPECT_EQ(log_reason("[E][x"), "nsjail: [x");
  EXPECT_EQ(log_reason("[E]\xff():1"), "nsjail: \xEF\xBF\xBD():1");
}

TEST(LogReason, IsNoLongerThanALine) {
  EXPECT_EQ(log_reason("[E] " + std::string(10'000, 'x')).size(), std::string("nsjail: ").size() + 300);
}

}  // namespace
}  // namespace cellblock::backends::nsjail
