#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "sandbox/cell_setup.hpp"
#include "sandbox/cell_watch.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/seccomp_load.hpp"
#include "sandbox/supervise.hpp"

namespace cellblock::sandbox {

namespace {

// Nothing to keep account of where a cgroup does, and no way to where the cell has no /proc.
std::unique_ptr<CellWatch> watch_of(Supervision& supervision) {
  // The cell's own, with its processes and no others.
  base::Fd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!supervision.wake.valid() || !proc.valid()) return nullptr;
  return std::make_unique<CellWatch>(std::move(supervision.wake), CellMeter(std::move(proc), std::nullopt),
                                     WatchedFiles{supervision.writable, {}, 0}, *supervision.ledger);
}

}  // namespace

StepResult seal_first_process(int report, Supervision supervision) {
  // Orphans of the cell become this process's children: ignoring SIGCHLD has the kernel reap them.
  if (::signal(SIGCHLD, SIG_IGN) == SIG_ERR) return step_failed(Step::kInitSeal);
  // Nobody in the cell may look into this process, which is a copy of the jailer.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return step_failed(Step::kInitSeal);
  if (::prctl(PR_SET_NAME, "cellblock-init", 0, 0, 0) != 0) return step_failed(Step::kInitSeal);
  // If the jailer dies, so does the cell. Set after the change of ids, which clears it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return step_failed(Step::kInitSeal);
  if (auto done = drop_capabilities(); !done) return done;
  if (auto done = set_no_new_privs(); !done) return done;
  const StepFailure none{};
  // The jailer waits for this before the zygote forks into the cell.
  if (::write(report, &none, sizeof(none)) != static_cast<ssize_t>(sizeof(none)))
    return step_failed(Step::kInitSeal);
  if (::close(report) != 0) return step_failed(Step::kInitSeal);
  auto watch = watch_of(supervision);
  if (auto done = load_seccomp(supervisor_filter(watch != nullptr), Step::kInitSeal); !done) return done;
  if (!supervision.line.valid()) keep_watch(std::move(watch));
  supervise(std::move(supervision.line), *supervision.ledger, *supervision.refusals, std::move(watch));
}

}  // namespace cellblock::sandbox
