#include "zygote/zygote.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "runner/cell_process.hpp"
#include "sandbox/step.hpp"

namespace cellblock::zygote {
namespace {

using protocol::ControlKind;
using protocol::ControlMessage;

// In a kFork message: socket, stdout, stderr, the first process's pidfd; then the supervisor line, if cells
// have one, and the slot's cgroup files.
constexpr std::size_t kFixedFds = 4;

std::uint64_t microseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

runner::CellDescriptors descriptors_of(protocol::Received& request, const sandbox::JailSpec& spec) {
  std::vector<base::Fd>& fds = request.fds;
  runner::CellDescriptors descriptors;
  if (!spec.walls.namespaces) descriptors.seal = &sandbox::seal_cell_on_host;
  descriptors.slot = request.message.slot;
  descriptors.primed = request.message.unprimed == 0;
  descriptors.channel = std::move(fds[0]);
  descriptors.out = std::move(fds[1]);
  descriptors.err = std::move(fds[2]);
  descriptors.first_process = std::move(fds[3]);
  std::size_t index = kFixedFds;
  if (request.message.supervised != 0) descriptors.supervisor = std::move(fds[index++]);
  for (; index < fds.size(); ++index) {
    descriptors.cgroup_procs.push_back(std::move(fds[index]));
  }
  return descriptors;
}

}  // namespace

Zygote::Zygote(base::Fd jailer, runner::Interpreter& interpreter, sandbox::CellFilter filter,
               sandbox::JailSpec spec)
    : jailer_(std::move(jailer)),
      interpreter_(&interpreter),
      filter_(std::move(filter)),
      spec_(std::move(spec)) {}

int Zygote::run() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  children_ = base::Fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  while (!jailer_gone_) {
    std::array<pollfd, 2> watched = {{{jailer_.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    // Endings first: the server may be waiting for one to tell a script's fate.
    if (watched[1].revents != 0) on_children();
    if (watched[0].revents != 0) on_jailer();
  }
  return 0;
}

void Zygote::on_jailer() {
  auto received = protocol::receive_control(jailer_.get());
  if (!received || !*received) {
    jailer_gone_ = true;
    return;
  }
  if ((*received)->message.kind == ControlKind::kFork &&
      (*received)->fds.size() >= kFixedFds + (*received)->message.supervised) {
    fork_cell(std::move(**received));
  }
}

void Zygote::fork_cell(protocol::Received request) {
  ControlMessage answer;
  answer.kind = ControlKind::kForked;
  answer.cell = request.message.cell;
  // Only children enter: the fork below creates the process inside the cell's pid namespace, where the first
  // process is pid 1 already. There is no way back for a zygote without the host's rights, and none is
  // needed: the next cell's namespace is looked for from where this process itself is.
  if (spec_.walls.namespaces && ::setns(request.fds[3].get(), CLONE_NEWPID) != 0) {
    answer.step = static_cast<std::uint32_t>(sandbox::Step::kPidNamespace);
    answer.code = errno;
    tell(answer);
    return;
  }
  // Through libc with Python's hooks: this process has one thread, so the child may do anything.
  const pid_t pid = interpreter_->fork();
  if (pid == 0) runner::run_cell(*interpreter_, descriptors_of(request, spec_), filter_, spec_);
  if (pid < 0) {
    answer.step = static_cast<std::uint32_t>(sandbox::Step::kFork);
    answer.code = errno;
  } else {
    cells_.emplace_back(pid, request.message.cell);
    answer.pid = pid;
  }
  tell(answer);
}

void Zygote::on_children() {
  signalfd_siginfo info{};
  while (::read(children_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
  }
  int status = 0;
  rusage used{};
  for (pid_t pid = 0; (pid = ::wait4(-1, &status, WNOHANG, &used)) > 0;) {
    const auto found =
        std::find_if(cells_.begin(), cells_.end(), [&](const auto& cell) { return cell.first == pid; });
    if (found == cells_.end()) continue;
    ControlMessage message;
    message.kind = ControlKind::kReaped;
    message.cell = found->second;
    message.code = status;
    message.cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
    cells_.erase(found);
    tell(message);
  }
}

void Zygote::tell(const ControlMessage& message) {
  if (!protocol::send_control(jailer_.get(), message)) jailer_gone_ = true;
}

}  // namespace cellblock::zygote
