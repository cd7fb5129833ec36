#include "jailer/warden.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <system_error>

#include "jailer/kill_by_uid.hpp"
#include "sandbox/cell_setup.hpp"
#include "sandbox/cell_watch.hpp"

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
// Keeps account meanwhile.
pid_t wait_for_the_end(int line, sandbox::CellWatch* watch) {
  pid_t interpreter = -1;
  for (;;) {
    std::array<pollfd, 2> watched = {{{line, POLLIN, 0}, {watch != nullptr ? watch->wake() : -1, POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), watch != nullptr ? watch->wait_ms() : -1);
    if (ready < 0 && errno != EINTR) return interpreter;
    if (ready > 0 && watched[1].revents != 0) watch->start();
    if (watch != nullptr && !watch->look_if_due()) return interpreter;
    if (ready <= 0 || watched[0].revents == 0) continue;
    pid_t received = 0;
    const ssize_t count = ::read(line, &received, sizeof(received));
    if (count == static_cast<ssize_t>(sizeof(received))) interpreter = received;
    if (count == 0 || (count < 0 && errno != EINTR)) return interpreter;
  }
}

// What a warden is made with.
struct Assignment {
  const sandbox::JailSpec& spec;
  std::uint32_t slot;
  pid_t jailer;
  base::Fd line;
  base::Fd wake;
  sandbox::CellLedger* ledger;
};

// Nothing to keep account of where a cgroup does, and no way to where cells can't be told apart by their uid.
std::unique_ptr<sandbox::CellWatch> watch_of(Assignment& given) {
  if (!given.wake.valid() || !given.spec.walls.own_uid) return nullptr;
  // The host's: of it the meter looks at what runs under the slot's uid.
  base::Fd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) return nullptr;
  sandbox::CellMeter meter(std::move(proc), given.spec.uid_base + given.slot);
  sandbox::WatchedFiles files{{}, sandbox::slot_directory(given.spec, given.slot), given.spec.tmp_inodes};
  return std::make_unique<sandbox::CellWatch>(std::move(given.wake), std::move(meter), std::move(files),
                                              *given.ledger);
}

[[noreturn]] void live(Assignment given) {
  const sandbox::JailSpec& spec = given.spec;
  const std::string directory = sandbox::slot_directory(spec, given.slot);
  const int line = given.line.get();
  StepFailure report{Step::kDescriptors, 0};
  // Other cells' lines above all: one that is open here as well would not end with the jailer.
  if (!keep_only(given.wake.valid() ? std::vector<int>{line, given.wake.get()} : std::vector<int>{line})) {
    report.code = errno;
  } else if (auto prepared = prepare_directory(directory, spec, given.slot); !prepared) {
    report = prepared.error();
  } else {
    report = {};
  }
  ::prctl(PR_SET_NAME, "cellblock-warden", 0, 0, 0);
  if (::write(line, &report, sizeof(report)) != static_cast<ssize_t>(sizeof(report))) ::_exit(2);
  const auto watch = watch_of(given);
  const pid_t interpreter = wait_for_the_end(line, watch.get());
  // Until nothing is left, however long: the slot must not have another tenant before.
  while (spec.walls.own_uid ? kill_uid(spec.uid_base + given.slot) : kill_session(interpreter)) {
    ::nanosleep(&kBetweenSweeps, nullptr);
  }
  std::error_code error;
  fs::remove_all(directory, error);
  // The jailer removes it when it ends; of a dead jailer's wardens the last one does.
  if (::getppid() != given.jailer) ::rmdir(spec.work_root.c_str());
  ::_exit(0);
}

}  // namespace

tl::expected<FirstProcess, StepFailure> make_warden(const sandbox::JailSpec& spec, std::uint32_t slot) {
  auto line = base::make_socketpair(SOCK_STREAM);
  auto ledger = sandbox::make_ledger();
  if (!line || !ledger) return step_failed(Step::kClone);
  FirstProcess process;
  Assignment given{spec, slot, ::getpid(), std::move(line->second), {}, nullptr};
  if (!spec.walls.cgroups) {
    auto wake = make_wake();
    if (!wake) return step_failed(Step::kClone);
    process.wake = std::move(wake->first);
    given.wake = std::move(wake->second);
  }
  // Not clone3, which containers answer with ENOSYS.
  process.pid = ::fork();
  if (process.pid < 0) return step_failed(Step::kClone);
  if (process.pid == 0) {
    // Before its descriptor goes with all others.
    given.ledger = sandbox::map_ledger(ledger->get());
    if (given.ledger == nullptr) ::_exit(1);
    live(std::move(given));
  }
  // Sound after the fork: the jailer reaps its children in its loop only, so the pid is still this one's.
  process.pidfd = base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  // Without one its line is closed here, which ends it.
  if (!process.pidfd.valid()) return step_failed(Step::kClone);
  process.ledger = std::move(*ledger);
  process.report = std::move(line->first);
  return process;
}

}  // namespace cellblock::jailer
