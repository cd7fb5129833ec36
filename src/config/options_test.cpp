#include "config/options.hpp"

#include <gtest/gtest.h>

namespace cellblock::config {
namespace {

TEST(AutomaticValuesTest, GrowWithTheCpus) {
  const Options options = with_automatic_values({}, 8, 128ULL << 30U);
  EXPECT_EQ(options.max_executions, 256U);
  EXPECT_EQ(options.pool_size, 512U);
  EXPECT_EQ(options.threads, 4U);
}

TEST(AutomaticValuesTest, HaveAFloorOnSmallMachines) {
  for (const std::uint32_t cpus : {0U, 1U}) {
    const Options options = with_automatic_values({}, cpus, 64ULL << 30U);
    EXPECT_EQ(options.max_executions, 64U);
    EXPECT_EQ(options.pool_size, 64U);
    EXPECT_EQ(options.threads, 1U);
  }
}

TEST(AutomaticValuesTest, KeepTheStockSmallWhereMemoryIsShortOrUnknown) {
  EXPECT_EQ(with_automatic_values({}, 8, 512ULL << 20U).pool_size, 4U);
  EXPECT_EQ(with_automatic_values({}, 8, 2ULL << 30U).pool_size, 12U);
  EXPECT_EQ(with_automatic_values({}, 8, 0).pool_size, 4U);
}

TEST(AutomaticValuesTest, GiveRequestsAnEighthOfTheMemory) {
  EXPECT_EQ(with_automatic_values({}, 8, 64ULL << 30U).request_memory_bytes, 8ULL << 30U);
  EXPECT_EQ(with_automatic_values({}, 8, 1ULL << 30U).request_memory_bytes, 512ULL << 20U);
  EXPECT_EQ(with_automatic_values({}, 8, 0).request_memory_bytes, 512ULL << 20U);
}

TEST(AutomaticValuesTest, AlwaysHaveRoomForOneRequestAndOneAnswer) {
  Options chosen;
  chosen.request_memory_bytes = 1;
  EXPECT_EQ(with_automatic_values(chosen, 8, 0).request_memory_bytes, 1U);
  chosen.max_body_bytes = 100;
  EXPECT_EQ(with_automatic_values(chosen, 8, 0).request_memory_bytes, 1800U);
  chosen.result_bytes = 1000;
  chosen.output_bytes = 10;
  EXPECT_EQ(with_automatic_values(chosen, 8, 0).request_memory_bytes, 3120U);
}

TEST(AutomaticValuesTest, LeaveTheStockWhatOneUserMayHaveBesideRunningCells) {
  EXPECT_EQ(with_automatic_values({}, 2, 64ULL << 30U, 0).pool_size, 128U);
  const Options bounded = with_automatic_values({}, 2, 64ULL << 30U, 184);
  EXPECT_EQ(bounded.max_executions, 64U);
  EXPECT_EQ(bounded.pool_size, 60U);
  EXPECT_EQ(with_automatic_values({}, 2, 64ULL << 30U, 50).pool_size, 4U);
}

TEST(AutomaticValuesTest, LeaveChosenValuesAlone) {
  Options chosen;
  chosen.max_executions = 3;
  chosen.pool_size = 2;
  chosen.threads = 1;
  const Options options = with_automatic_values(chosen, 8, 0);
  EXPECT_EQ(options.max_executions, 3U);
  EXPECT_EQ(options.pool_size, 2U);
  EXPECT_EQ(options.threads, 1U);
}

}  // namespace
}  // namespace cellblock::config
