#include "jailer/first_process.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>

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

[[noreturn]] void live(const sandbox::JailSpec& spec, int line) {
  char go = 0;
  StepFailure failure{Step::kDescriptors, 0};
  if (!keep_only(line)) {
    failure.code = errno;
  } else if (::read(line, &go, 1) != 1) {
    // The jailer could not map the ids and has closed its end.
    ::_exit(1);
  } else if (auto done = sandbox::furnish_cell(spec); !done) {
    failure = done.error();
  } else if (auto sealed = sandbox::seal_first_process(line); !sealed) {
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

bool keep_only(int fd) {
  const auto kept = static_cast<unsigned>(fd);
  return (kept <= 0 || ::syscall(SYS_close_range, 0U, kept - 1, 0) == 0) &&
         ::syscall(SYS_close_range, kept + 1, ~0U, 0) == 0;
}

tl::expected<FirstProcess, StepFailure> make_first_process(const sandbox::JailSpec& spec, int proc,
                                                           std::uint32_t outside_id) {
  auto line = base::make_socketpair(SOCK_STREAM);
  if (!line) return step_failed(Step::kClone);
  FirstProcess process;
  int pidfd = -1;
  process.pid = clone_into_namespaces(pidfd);
  if (process.pid < 0) return step_failed(Step::kClone);
  if (process.pid == 0) live(spec, line->second.get());
  process.pidfd = base::Fd(pidfd);
  line->second.reset();
  if (!map_ids(proc, process.pid, outside_id)) return step_failed(Step::kIdMaps);
  if (::write(line->first.get(), "g", 1) != 1) return step_failed(Step::kIdMaps);
  process.report = std::move(line->first);
  return process;
}

}  // namespace cellblock::jailer
