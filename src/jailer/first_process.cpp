#include "jailer/first_process.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/cell_setup.hpp"

namespace cellblock::jailer {
namespace {

using sandbox::Step;
using sandbox::step_failed;
using sandbox::StepFailure;

constexpr std::uint64_t kNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

// A fork with namespaces. Raw, because glibc has no wrapper; sound, because the jailer has a single thread
// and the child calls nothing that depends on glibc's cached thread id.
pid_t clone_into_namespaces(int& pidfd) {
  clone_args arguments{};
  arguments.flags = kNamespaces | CLONE_PIDFD;
  arguments.exit_signal = SIGCHLD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

// `line` is where the jailer is told how it went, `ledger` is borrowed.
[[noreturn]] void live(const sandbox::JailSpec& spec, int line, int ledger,
                       sandbox::Supervision supervision) {
  char go = 0;
  StepFailure failure{Step::kDescriptors, 0};
  std::vector<int> kept{line};
  if (supervision.line.valid()) kept.push_back(supervision.line.get());
  if (supervision.wake.valid()) kept.push_back(supervision.wake.get());
  // Before its descriptor goes with all others.
  supervision.ledger = sandbox::map_ledger(ledger);
  if (supervision.ledger == nullptr || !keep_only(std::move(kept))) {
    failure.code = errno;
  } else if (::read(line, &go, 1) != 1) {
    // The jailer could not map the ids and has closed its end.
    ::_exit(1);
  } else if (auto done = sandbox::furnish_cell(spec); !done) {
    failure = done.error();
  } else if (auto sealed = sandbox::seal_first_process(line, std::move(supervision)); !sealed) {
    failure = sealed.error();
  }
  const ssize_t written = ::write(line, &failure, sizeof(failure));
  ::_exit(written == static_cast<ssize_t>(sizeof(failure)) ? 1 : 2);
}

bool map_ids(int proc, pid_t pid, std::uint32_t outside_id) {
  const std::string directory = std::to_string(pid);
  const std::string map = std::to_string(sandbox::kInsideId) + " " + std::to_string(outside_id) + " 1";
  // Without setgroups nobody in the cell can drop a group to get around a file's group rights.
  return base::write_file(proc, directory + "/setgroups", "deny").has_value() &&
         base::write_file(proc, directory + "/gid_map", map).has_value() &&
         base::write_file(proc, directory + "/uid_map", map).has_value();
}

}  // namespace

bool keep_only(std::vector<int> fds) {
  std::sort(fds.begin(), fds.end());
  unsigned from = 0;
  for (const int fd : fds) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > from && ::syscall(SYS_close_range, from, kept - 1, 0) != 0) return false;
    from = kept + 1;
  }
  return ::syscall(SYS_close_range, from, ~0U, 0) == 0;
}

std::optional<std::pair<base::Fd, base::Fd>> make_wake() {
  base::Fd ours(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  base::Fd theirs(ours.valid() ? ::fcntl(ours.get(), F_DUPFD_CLOEXEC, 0) : -1);
  if (!theirs.valid()) return std::nullopt;
  return std::pair(std::move(ours), std::move(theirs));
}

tl::expected<FirstProcess, StepFailure> make_first_process(const sandbox::JailSpec& spec,
                                                           const sandbox::Refusals& refusals, int proc,
                                                           std::uint32_t outside_id) {
  auto line = base::make_socketpair(SOCK_STREAM);
  auto ledger = sandbox::make_ledger();
  if (!line || !ledger) return step_failed(Step::kClone);
  FirstProcess process;
  sandbox::Supervision supervision;
  supervision.refusals = &refusals;
  if (spec.listening != sandbox::Listening::kNone) {
    auto listening = base::make_socketpair(SOCK_STREAM);
    if (!listening) return step_failed(Step::kListener);
    process.supervisor = std::move(listening->first);
    supervision.line = std::move(listening->second);
  }
  if (!spec.walls.cgroups) {
    auto wake = make_wake();
    if (!wake) return step_failed(Step::kClone);
    process.wake = std::move(wake->first);
    supervision.wake = std::move(wake->second);
  }
  int pidfd = -1;
  process.pid = clone_into_namespaces(pidfd);
  if (process.pid < 0) return step_failed(Step::kClone);
  if (process.pid == 0) live(spec, line->second.get(), ledger->get(), std::move(supervision));
  process.pidfd = base::Fd(pidfd);
  process.ledger = std::move(*ledger);
  line->second.reset();
  if (!map_ids(proc, process.pid, outside_id)) return step_failed(Step::kIdMaps);
  if (::write(line->first.get(), "g", 1) != 1) return step_failed(Step::kIdMaps);
  process.report = std::move(line->first);
  return process;
}

}  // namespace cellblock::jailer
