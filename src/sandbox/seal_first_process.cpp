#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>

#include "sandbox/cell_setup.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::sandbox {
namespace {

constexpr std::array<sock_filter, 6> kOnlyWaiting = {{
    // Wrong architecture: kill.
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 2),
    // Nothing but pause.
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pause, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
}};

}  // namespace

StepResult seal_first_process(int report) {
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
  if (auto done = load_seccomp(kOnlyWaiting, Step::kInitSeal); !done) return done;
  for (;;) ::pause();
}

}  // namespace cellblock::sandbox
