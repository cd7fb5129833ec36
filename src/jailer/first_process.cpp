#include "jailer/first_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
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
pid_t clone_into_namespaces(int& pidfd, std::uint64_t more_flags) {
  clone_args arguments{};
  arguments.flags = kNamespaces | CLONE_PIDFD | more_flags;
  arguments.exit_signal = SIGCHLD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

// What a first process starts with: the line on which the jailer is told how it went, the ledger, the
// supervisor's line and the wake, of which the last two may be -1.
using Given = ChildDescriptors::Numbers;

// Out of the jailer's table of descriptors, which the parent goes on using. Before this nothing may be opened
// or closed.
bool leave_shared_table(unsigned first_above) {
  return ::syscall(SYS_close_range, first_above, ~0U, CLOSE_RANGE_UNSHARE) == 0;
}

[[noreturn]] void live(const sandbox::JailSpec& spec, const Given& given, const sandbox::Refusals& refusals) {
  const int line = given[0];
  char go = 0;
  StepFailure failure{Step::kDescriptors, 0};
  std::vector<int> kept{line};
  if (given[2] >= 0) kept.push_back(given[2]);
  if (given[3] >= 0) kept.push_back(given[3]);
  sandbox::Supervision supervision;
  supervision.refusals = &refusals;
  supervision.line = base::Fd(given[2]);
  supervision.wake = base::Fd(given[3]);
  supervision.writable = {"/tmp", "/dev/shm"};
  for (const sandbox::ScratchPlace& scratch : spec.scratch) supervision.writable.push_back(scratch.place);
  // Before its descriptor goes with all others.
  supervision.ledger = sandbox::map_ledger(given[1]);
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

bool map_ids(const sandbox::JailSpec& spec, int proc, pid_t pid, std::uint32_t outside_id) {
  const std::string directory = std::to_string(pid);
  const std::string outside = " " + std::to_string(outside_id) + " 1";
  // Without setgroups nobody in the cell can drop a group to get around a file's group rights.
  return base::write_file(proc, directory + "/setgroups", "deny").has_value() &&
         base::write_file(proc, directory + "/gid_map", std::to_string(spec.inside_gid) + outside)
             .has_value() &&
         base::write_file(proc, directory + "/uid_map", std::to_string(spec.inside_uid) + outside)
             .has_value();
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
                                                           std::uint32_t outside_id, ChildDescriptors& low) {
  auto line = base::make_socketpair(SOCK_STREAM);
  auto ledger = sandbox::make_ledger();
  if (!line || !ledger) return step_failed(Step::kClone);
  FirstProcess process;
  base::Fd supervisor_line;
  base::Fd wake_end;
  if (spec.listening != sandbox::Listening::kNone) {
    auto listening = base::make_socketpair(SOCK_STREAM);
    if (!listening) return step_failed(Step::kListener);
    process.supervisor = std::move(listening->first);
    supervisor_line = std::move(listening->second);
  }
  if (!spec.walls.cgroups) {
    auto wake = make_wake();
    if (!wake) return step_failed(Step::kClone);
    process.wake = std::move(wake->first);
    wake_end = std::move(wake->second);
  }
  Given given{line->second.get(), ledger->get(), supervisor_line.get(), wake_end.get()};
  process.loan = low.lend(given);
  if (process.loan) {
    for (std::size_t index = 0; index < given.size(); ++index) {
      if (given[index] >= 0) given[index] = process.loan->numbers()[index];
    }
  }
  int pidfd = -1;
  // With all numbers lent, the child takes a copy of everything instead.
  process.pid = clone_into_namespaces(pidfd, process.loan ? CLONE_FILES : 0);
  if (process.pid < 0) return step_failed(Step::kClone);
  if (process.pid == 0) {
    if (process.loan && !leave_shared_table(low.first_above())) ::_exit(1);
    live(spec, given, refusals);
  }
  process.pidfd = base::Fd(pidfd);
  process.ledger = std::move(*ledger);
  line->second.reset();
  if (!map_ids(spec, proc, process.pid, outside_id)) return step_failed(Step::kIdMaps);
  if (::write(line->first.get(), "g", 1) != 1) return step_failed(Step::kIdMaps);
  process.report = std::move(line->first);
  return process;
}

}  // namespace cellblock::jailer
