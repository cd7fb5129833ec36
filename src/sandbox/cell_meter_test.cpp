#include "sandbox/cell_meter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

namespace cellblock::sandbox {
namespace {

base::Fd proc() {
  return base::Fd(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// Processes of this test's uid come and go by themselves, so only what must be there at least is looked at.
TEST(CellMeter, CountsWhatTheProcessesOfAUidHold) {
  CellMeter meter(proc(), ::getuid());
  const CellFigures before = meter.look().value();
  EXPECT_GE(before.processes, 1U);
  constexpr std::size_t kBytes = std::size_t{64} << 20U;
  const std::vector<char> held(kBytes, 'x');
  const CellFigures holding = meter.look().value();
  EXPECT_GT(holding.memory_bytes, kBytes);
  EXPECT_EQ(held[kBytes / 2], 'x');
}

TEST(CellMeter, CpuTimeNeverFallsAlsoWhenAProcessEnds) {
  CellMeter meter(proc(), ::getuid());
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::getppid();
  }
  std::uint64_t before = 0;
  std::uint64_t most = 0;
  for (int turn = 0; turn < 10; ++turn) {
    ::usleep(20'000);
    const std::uint64_t now = meter.look().value().cpu_us;
    EXPECT_GE(now, before);
    before = now;
  }
  most = before;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_GE(meter.look().value().cpu_us, most);
  EXPECT_GT(most, 0U);
}

TEST(CellMeter, CountsWhatTheKernelNeedsToMapMemoryThatIsOnlyRead) {
  CellMeter meter(proc(), ::getuid());
  const CellFigures before = meter.look().value();
  constexpr std::size_t kTables = 4096;
  constexpr std::size_t kStep = std::size_t{2} << 20U;
  void* const sparse = ::mmap(nullptr, kTables * kStep, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(sparse, MAP_FAILED);
  // Or one page would do for all.
  ::madvise(sparse, kTables * kStep, MADV_NOHUGEPAGE);
  unsigned sum = 0;
  for (std::size_t table = 0; table < kTables; ++table) {
    sum += static_cast<const volatile unsigned char*>(sparse)[table * kStep];
  }
  EXPECT_EQ(sum, 0U);
  EXPECT_GT(meter.look().value().memory_bytes, before.memory_bytes + kTables * 3000);
  ::munmap(sparse, kTables * kStep);
}

// As a script once did to the process that measures it, by taking its descriptors away.
TEST(CellMeter, WhoCannotLookSaysSo) {
  CellMeter meter(proc(), ::getuid());
  EXPECT_TRUE(meter.look());
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit none{0, files.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_FALSE(meter.look());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  EXPECT_TRUE(meter.look());
  EXPECT_FALSE(CellMeter(base::Fd(), ::getuid()).look());
}

}  // namespace
}  // namespace cellblock::sandbox
