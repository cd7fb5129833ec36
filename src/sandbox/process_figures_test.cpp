#include "sandbox/process_figures.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace cellblock::sandbox {
namespace {

TEST(CpuTicks, StandBehindTheName) {
  const char* text = "7 (name) R 1 7 7 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 5 6 7\n";
  ASSERT_TRUE(parse_cpu_ticks(text));
  EXPECT_EQ(parse_cpu_ticks(text)->own, 33U);
  EXPECT_EQ(parse_cpu_ticks(text)->children, 77U);
}

TEST(CpuTicks, ANameCanPretendNothing) {
  const char* text =
      "7 (x) S 0 0 0 0 0 0 0 0 0 0 9 9 9 9 0 ) R 1 7 7 0 -1 4194304 100 0 0 0 1 2 3 4 20 0 1 0 5\n";
  EXPECT_EQ(parse_cpu_ticks(text)->own, 3U);
}

TEST(CpuTicks, CutTextIsRefused) {
  const std::string text = "7 (name) R 1 7 7 0 -1 4194304 100 0 0 0 11 22 33 44 20";
  for (std::size_t length = 0; length < text.size() - 2; ++length) {
    EXPECT_FALSE(parse_cpu_ticks(text.substr(0, length))) << length;
  }
}

TEST(MemoryBytes, AreSumsOfLines) {
  EXPECT_EQ(parse_proportional_bytes(
                "Rss: 9 kB\nPss_Anon:  1 kB\nPss_File: 5 kB\nPss_Shmem: 2 kB\nSwapPss:  4 kB\n"),
            7U << 10U);
  EXPECT_EQ(parse_resident_bytes("VmRSS: 9 kB\nRssAnon:\t 1 kB\nRssShmem:\t 2 kB\nVmSwap:\t 0 kB\n"),
            3U << 10U);
  EXPECT_FALSE(parse_proportional_bytes("Pss_Anon: 1 kB\n"));
  EXPECT_FALSE(parse_resident_bytes(""));
}

TEST(MemoryBytes, OfPageTablesAreALine) {
  EXPECT_EQ(parse_page_table_bytes("Name:\tx\nVmPTE:\t     44 kB\nVmSwap:\t 0 kB\n"), 44U << 10U);
  EXPECT_EQ(parse_page_table_bytes("Name:\tx\nState:\tZ (zombie)\n"), 0U);
}

TEST(Uid, IsReadAtTheStartOfALineOnly) {
  EXPECT_EQ(parse_uid("Name:\tUid:\t5\nUid:\t7\t8\t9\t10\n"), 7U);
  EXPECT_FALSE(parse_uid("Name:\tx\n"));
}

// What this kernel writes is what is read here.
TEST(ProcessFigures, OfThisProcess) {
  const auto read = [](const char* name) {
    return base::read_file(AT_FDCWD, std::string("/proc/self/") + name).value();
  };
  EXPECT_TRUE(parse_cpu_ticks(read("stat")));
  EXPECT_GT(parse_proportional_bytes(read("smaps_rollup")).value(), 0U);
  EXPECT_GT(parse_resident_bytes(read("status")).value(), 0U);
  EXPECT_GT(parse_page_table_bytes(read("status")), 0U);
  EXPECT_EQ(parse_uid(read("status")), ::getuid());
}

}  // namespace
}  // namespace cellblock::sandbox
