#include "jailer/warden.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "jailer/kill_by_uid.hpp"
#include "sandbox/cell_setup.hpp"

namespace cellblock::jailer {
namespace {

namespace fs = std::filesystem;

using sandbox::Step;
using sandbox::step_failed;
using sandbox::StepFailure;
using sandbox::StepResult;

constexpr timespec kBetweenSweeps{0, 1'000'000};

// Fresh: what an earlier tenant or a crash left is removed first.
StepResult prepare_directory(const std::string& path, const sandbox::JailSpec& spec, std::uint32_t slot) {
  std::error_code error;
  fs::remove_all(path, error);
  if (::mkdir(path.c_str(), 0700) != 0) return step_failed(Step::kWorkDirectory);
  if (!spec.walls.own_uid) return {};
  const uid_t uid = spec.uid_base + slot;
  if (::chown(path.c_str(), uid, uid) != 0) return step_failed(Step::kWorkDirectory);
  return {};
}

// The jailer sends the interpreter's pid when it is forked, and closes the line when the cell is to end.
pid_t wait_for_the_end(int line) {
  pid_t interpreter = -1;
  pid_t received = 0;
  for (;;) {
    const ssize_t count = ::read(line, &received, sizeof(received));
    if (count == static_cast<ssize_t>(sizeof(received))) interpreter = received;
    if (count == 0 || (count < 0 && errno != EINTR)) return interpreter;
  }
}

[[noreturn]] void live(const sandbox::JailSpec& spec, std::uint32_t slot, int line, pid_t jailer) {
  const std::string directory = sandbox::slot_directory(spec, slot);
  StepFailure report{Step::kDescriptors, 0};
  // Other cells' lines above all: one that is open here as well would not end with the jailer.
  if (!keep_only(line)) {
    report.code = errno;
  } else if (auto prepared = prepare_directory(directory, spec, slot); !prepared) {
    report = prepared.error();
  } else {
    report = {};
  }
  ::prctl(PR_SET_NAME, "cellblock-warden", 0, 0, 0);
  if (::write(line, &report, sizeof(report)) != static_cast<ssize_t>(sizeof(report))) ::_exit(2);
  const pid_t interpreter = wait_for_the_end(line);
  // Until nothing is left, however long: the slot must not have another tenant before.
  while (spec.walls.own_uid ? kill_uid(spec.uid_base + slot) : kill_session(interpreter)) {
    ::nanosleep(&kBetweenSweeps, nullptr);
  }
  std::error_code error;
  fs::remove_all(directory, error);
  // The jailer removes it when it ends; of a dead jailer's wardens the last one does.
  if (::getppid() != jailer) ::rmdir(spec.work_root.c_str());
  ::_exit(0);
}

}  // namespace

tl::expected<FirstProcess, StepFailure> make_warden(const sandbox::JailSpec& spec, std::uint32_t slot) {
  auto line = base::make_socketpair(SOCK_STREAM);
  if (!line) return step_failed(Step::kClone);
  FirstProcess process;
  const pid_t jailer = ::getpid();
  // Not clone3, which containers answer with ENOSYS.
  process.pid = ::fork();
  if (process.pid < 0) return step_failed(Step::kClone);
  if (process.pid == 0) live(spec, slot, line->second.get(), jailer);
  // Sound after the fork: the jailer reaps its children in its loop only, so the pid is still this one's.
  process.pidfd = base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  // Without one its line is closed here, which ends it.
  if (!process.pidfd.valid()) return step_failed(Step::kClone);
  process.report = std::move(line->first);
  return process;
}

}  // namespace cellblock::jailer
