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

// The same in one call, for a process that can't raise its limits: what the kernel takes is then no more than
// what was there.
bool lower_at_once(decltype(RLIMIT_CPU) resource, rlim_t soft, rlim_t hard) {
  const rlimit wanted{std::min(soft, hard), hard};
  return ::setrlimit(resource, &wanted) == 0 || lower(resource, soft, hard);
}

constexpr rlim_t kStackBytes = 8U << 20U;

// Those that a request may choose.
template <typename Lower>
bool lower_chosen(const CellRlimits& limits, Lower lower_one) {
  // The second between the two lets the kernel tell a CPU limit (SIGXCPU) from any other SIGKILL.
  return lower_one(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1) &&
         lower_one(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes) &&
         lower_one(RLIMIT_NOFILE, limits.open_files, limits.open_files) &&
         // Counts per uid and namespace: a second wall beside the pids cgroup.
         lower_one(RLIMIT_NPROC, limits.processes, limits.processes) &&
         // As it is where a cgroup bounds memory.
         (limits.data_bytes == kUnlimited || lower_one(RLIMIT_DATA, limits.data_bytes, limits.data_bytes));
}

}  // namespace

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
      lower(RLIMIT_MSGQUEUE, 0, 0) && lower_chosen(limits, lower);
  if (!done) return step_failed(Step::kRlimits);
  return {};
}

StepResult lower_rlimits(const CellRlimits& limits) {
  if (!lower_chosen(limits, lower_at_once)) return step_failed(Step::kRlimits);
  return {};
}

}  // namespace cellblock::sandbox
