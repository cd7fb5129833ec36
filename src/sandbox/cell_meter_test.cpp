#include "sandbox/cell_meter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
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
  const CellFigures before = meter.look();
  EXPECT_GE(before.processes, 1U);
  constexpr std::size_t kBytes = std::size_t{64} << 20U;
  const std::vector<char> held(kBytes, 'x');
  const CellFigures holding = meter.look();
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
    const std::uint64_t now = meter.look().cpu_us;
    EXPECT_GE(now, before);
    before = now;
  }
  most = before;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_GE(meter.look().cpu_us, most);
  EXPECT_GT(most, 0U);
}

}  // namespace
}  // namespace cellblock::sandbox
