#include "sandbox/rlimits.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace cellblock::sandbox {
namespace {

// Lowers a limit to `soft`/`hard`; a limit that is lower already stays.
bool lower(decltype(RLIMIT_CPU) resource, rlim_t soft, rlim_t hard) {
  rlimit current{};
  if (::getrlimit(resource, &current) != 0) return false;
  const rlimit wanted{std::min({soft, hard, current.rlim_max}), std::min(hard, current.rlim_max)};
  // The filter of a cell that is sealed lets nobody set all of them.
  if (wanted.rlim_cur == current.rlim_cur && wanted.rlim_max == current.rlim_max) return true;
  return ::setrlimit(resource, &wanted) == 0;
}

constexpr rlim_t kStackBytes = 8U << 20U;

}  // namespace

StepResult lower_rlimits(const CellRlimits& limits) {
  const bool done =
      // The second between the two lets the kernel tell a CPU limit (SIGXCPU) from any other SIGKILL.
      lower(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1) &&
      lower(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes) &&
      lower(RLIMIT_NOFILE, limits.open_files, limits.open_files) &&
      // Counts per uid and namespace: a second wall beside the pids cgroup.
      lower(RLIMIT_NPROC, limits.processes, limits.processes) &&
      lower(RLIMIT_DATA, limits.data_bytes, limits.data_bytes);
  if (!done) return step_failed(Step::kRlimits);
  return {};
}

StepResult set_rlimits(const CellRlimits& limits) {
  const bool done =
      // A core dump would write the cell's memory to a place that the host chooses. 0 does not stop one into
      // a pipe (core_pattern "|…"), 1 does; and into a file nothing shorter than a page is written.
      lower(RLIMIT_CORE, kCoreBytes, kCoreBytes) &&
      // Threads take their stack size from the soft limit.
      lower(RLIMIT_STACK, kStackBytes, kStackBytes) &&
      // Bounds queued signals, and with them POSIX timers, which pin kernel memory.
      lower(RLIMIT_SIGPENDING, 256, 256) &&
      // Locked memory can't be reclaimed by anyone.
      lower(RLIMIT_MEMLOCK, 64U << 10U, 64U << 10U) &&
      // POSIX message queues pin kernel memory too.
      lower(RLIMIT_MSGQUEUE, 0, 0);
  if (!done) return step_failed(Step::kRlimits);
  return lower_rlimits(limits);
}

}  // namespace cellblock::sandbox
