#include "telemetry/process_figures.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>
#include <vector>

#include "base/fd.hpp"

namespace cellblock::telemetry {
namespace {

TEST(ProcessFigures, TellOfThisProcess) {
  const ProcessFigures now = process_figures();
  const auto clock = static_cast<double>(std::time(nullptr));
  EXPECT_LE(now.start_time_s, clock + 2);
  EXPECT_GT(now.start_time_s, clock - 600);
  EXPECT_GT(now.cpu_s, 0);
  EXPECT_GT(now.resident_bytes, 1U << 20U);
  EXPECT_GT(now.virtual_bytes, now.resident_bytes);
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  EXPECT_EQ(now.most_descriptors, files.rlim_cur);
}

TEST(ProcessFigures, CountOpenDescriptors) {
  const std::uint64_t before = process_figures().open_descriptors;
  std::vector<base::Fd> more;
  for (int i = 0; i < 5; ++i) more.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(process_figures().open_descriptors, before + 5);
  more.clear();
  EXPECT_EQ(process_figures().open_descriptors, before);
}

}  // namespace
}  // namespace cellblock::telemetry
