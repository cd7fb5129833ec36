#include "jailer/jailer.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace cellblock::jailer {
namespace {

using protocol::ControlKind;
using protocol::ControlMessage;
using sandbox::Step;
using sandbox::StepFailure;

// What an epoll event is about: two bits, with the cell's number above them.
constexpr std::uint64_t kServerOrZygote = 0;
constexpr std::uint64_t kChildren = 1;
constexpr std::uint64_t kReport = 2;
constexpr std::uint64_t kFirst = 3;
constexpr unsigned kWhatBits = 2;
constexpr std::uint64_t kServerId = 0;
constexpr std::uint64_t kZygoteId = 1;

// Descriptors of a kSpawn message: socket, stdout, stderr.
constexpr std::size_t kChannels = 3;
constexpr std::chrono::milliseconds kFirstRestartDelay{100};
constexpr std::chrono::milliseconds kLongestRestartDelay{5000};
constexpr auto kEndLimit = std::chrono::seconds(5);

ControlMessage about(ControlKind kind, std::uint64_t cell) {
  ControlMessage message;
  message.kind = kind;
  message.cell = cell;
  return message;
}

}  // namespace

Jailer::Jailer(sandbox::JailSpec spec, HostHandles host, sandbox::CgroupTree& tree)
    : spec_(std::move(spec)), host_(std::move(host)), slots_(spec_, tree) {}

int Jailer::run() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  epoll_ = base::Fd(::epoll_create1(EPOLL_CLOEXEC));
  children_ = base::Fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  watch(host_.server.get(), kServerOrZygote, kServerId);
  watch(children_.get(), kChildren, 0);
  if (auto started = start_zygote(); !started) {
    ControlMessage message = about(ControlKind::kFatal, 0);
    message.step = static_cast<std::uint32_t>(started.error().step);
    message.code = started.error().code;
    tell(message);
    return 1;
  }
  while (!server_gone_) {
    int timeout = -1;
    if (zygote_.pid < 0) {
      const auto left = restart_at_ - std::chrono::steady_clock::now();
      timeout = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
      if (timeout <= 0) {
        const auto started = start_zygote();
        if (!started) zygote_is_down(sandbox::describe(started.error()));
        continue;
      }
    }
    wait_and_dispatch(timeout);
  }
  end_everything();
  return 0;
}

sandbox::StepResult Jailer::start_zygote() {
  auto started = jailer::start_zygote(host_.zygote_program.get(), sandbox::to_json(spec_));
  if (!started) return tl::make_unexpected(started.error());
  zygote_ = std::move(*started);
  watch(zygote_.control.get(), kServerOrZygote, kZygoteId);
  return {};
}

void Jailer::wait_and_dispatch(int timeout_ms) {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int index = 0; index < count; ++index) {
    const std::uint64_t data = events[static_cast<std::size_t>(index)].data.u64;
    const std::uint64_t id = data >> kWhatBits;
    switch (data & ((1U << kWhatBits) - 1)) {
      case kServerOrZygote:
        id == kServerId ? on_server() : on_zygote();
        break;
      case kChildren:
        on_children();
        break;
      case kReport:
        if (Cell* cell = find(id)) on_report(*cell);
        break;
      default:
        if (Cell* cell = find(id)) on_first_gone(*cell);
    }
  }
}

void Jailer::on_server() {
  auto received = protocol::receive_control(host_.server.get());
  if (!received || !*received) {
    server_gone_ = true;
    return;
  }
  protocol::Received& request = **received;
  switch (request.message.kind) {
    case ControlKind::kSpawn:
      if (request.fds.size() != kChannels) {
        refuse(request.message.cell, {Step::kDescriptors, EMFILE});
        break;
      }
      waiting_.push_back(std::move(request));
      spawn_waiting();
      break;
    case ControlKind::kLimit:
      limit(request.message);
      break;
    case ControlKind::kKill: {
      const auto same = [&](const protocol::Received& other) {
        return other.message.cell == request.message.cell;
      };
      if (Cell* cell = find(request.message.cell)) {
        end(*cell);
      } else if (std::erase_if(waiting_, same) > 0) {
        tell(about(ControlKind::kGone, request.message.cell));
      }
      break;
    }
    default:
      break;
  }
}

void Jailer::on_zygote() {
  if (!zygote_.control.valid()) return;
  auto received = protocol::receive_control(zygote_.control.get());
  if (!received || !*received) {
    // Its death is handled when it is reaped; a zygote that only lost its socket is of no use either.
    zygote_.control.reset();
    ::kill(zygote_.pid, SIGKILL);
    return;
  }
  ControlMessage& message = (*received)->message;
  if (message.kind == ControlKind::kZygoteUp) {
    zygote_up_ = true;
    restart_delay_ = {};
    tell(message);
    spawn_waiting();
    return;
  }
  if (message.kind == ControlKind::kZygoteDown) {
    // It says why it can't start, and ends.
    tell(message);
    return;
  }
  Cell* cell = find(message.cell);
  if (cell == nullptr) return;
  if (message.kind == ControlKind::kForked) {
    if (message.code != 0) {
      // Nothing was forked, so nothing will be reaped; the first process may even be gone already.
      cell->reaped = true;
      fail_spawn(*cell, {static_cast<Step>(message.step), message.code});
      finish_if_over(message.cell);
      return;
    }
    message.kind = ControlKind::kSpawned;
    cell->announced = true;
    tell(message, slots_.cgroup(cell->slot).usage_files());
  } else if (message.kind == ControlKind::kReaped) {
    cell->reaped = true;
    cell->status = message.code;
    cell->cpu_us = message.cpu_us;
    // The interpreter's process is the execution: what it has left running ends with it.
    end(*cell);
    finish_if_over(message.cell);
  }
}

void Jailer::on_children() {
  signalfd_siginfo info{};
  while (::read(children_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
  }
  int status = 0;
  // Also reaps orphans of a dead zygote: the jailer is their subreaper.
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == zygote_.pid) on_zygote_dead();
  }
}

void Jailer::zygote_is_down(std::string_view why) {
  restart_delay_ = std::clamp(restart_delay_ * 2, kFirstRestartDelay, kLongestRestartDelay);
  restart_at_ = std::chrono::steady_clock::now() + restart_delay_;
  ControlMessage message = about(ControlKind::kZygoteDown, 0);
  message.set_text(why);
  tell(message);
  // The server gives up what it was waiting for when it hears of this.
  waiting_.clear();
}

void Jailer::on_zygote_dead() {
  zygote_ = {};
  zygote_up_ = false;
  zygote_is_down("the zygote has ended");
  std::vector<std::uint64_t> lost;
  for (auto& [id, cell] : cells_) lost.push_back(id);
  for (const std::uint64_t id : lost) {
    Cell& cell = cells_.at(id);
    if (!cell.reaped) cell.lost = true;
    cell.reaped = true;
    end(cell);
    finish_if_over(id);
  }
}

void Jailer::spawn_waiting() {
  while (zygote_up_ && !waiting_.empty()) {
    auto slot = slots_.take();
    if (slot && !*slot) return;  // all taken: goes on when one is given back
    protocol::Received request = std::move(waiting_.front());
    waiting_.pop_front();
    Cell cell;
    cell.id = request.message.cell;
    cell.channels = std::move(request.fds);
    if (!slot) {
      refuse(cell.id, {Step::kCgroupSlot, slot.error().code});
      continue;
    }
    cell.slot = **slot;
    // Without the right to map other ids, the cell is the jailer's own user outside.
    const std::uint32_t outside = host_.privileged ? spec_.uid_base + cell.slot : 0;
    auto first = make_first_process(spec_, host_.proc.get(), outside);
    if (!first) {
      refuse(cell.id, first.error());
      slots_.give_back(cell.slot);
      continue;
    }
    cell.first = std::move(*first);
    watch(cell.first.report.get(), kReport, cell.id);
    watch(cell.first.pidfd.get(), kFirst, cell.id);
    cells_.emplace(cell.id, std::move(cell));
  }
}

void Jailer::on_report(Cell& cell) {
  if (!cell.first.report.valid()) return;
  StepFailure failure{};
  const ssize_t count = ::read(cell.first.report.get(), &failure, sizeof(failure));
  if (count != static_cast<ssize_t>(sizeof(failure))) failure = {Step::kInitSeal, ECHILD};
  cell.first.report.reset();
  if (failure.step != Step::kNone) {
    fail_spawn(cell, failure);
    return;
  }
  std::vector<int> fds;
  for (const base::Fd& fd : cell.channels) fds.push_back(fd.get());
  fds.push_back(cell.first.pidfd.get());
  for (const int procs : slots_.cgroup(cell.slot).procs()) fds.push_back(procs);
  ControlMessage message = about(ControlKind::kFork, cell.id);
  if (!zygote_.control.valid() || !protocol::send_control(zygote_.control.get(), message, fds)) {
    fail_spawn(cell, {Step::kFork, EPIPE});
    return;
  }
  cell.forked = true;
  cell.channels.clear();
}

void Jailer::on_first_gone(Cell& cell) {
  if (cell.first_gone) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, cell.first.pidfd.get(), nullptr);
  cell.first_gone = true;
  if (!cell.announced && !cell.forked) fail_spawn(cell, {Step::kInitSeal, ECHILD});
  finish_if_over(cell.id);
}

void Jailer::limit(const ControlMessage& request) {
  ControlMessage answer = about(ControlKind::kLimited, request.cell);
  if (Cell* cell = find(request.cell)) {
    const auto done =
        slots_.cgroup(cell->slot).set_limits({request.memory_bytes, request.processes, spec_.cpu_percent});
    if (!done) answer.code = done.error().code;
  } else {
    answer.code = ESRCH;
  }
  tell(answer);
}

void Jailer::fail_spawn(Cell& cell, StepFailure failure) {
  if (!cell.announced) {
    cell.announced = true;
    ControlMessage message = about(ControlKind::kSpawnFailed, cell.id);
    message.step = static_cast<std::uint32_t>(failure.step);
    message.code = failure.code;
    tell(message);
  }
  if (cell.first.pidfd.valid()) end(cell);
}

void Jailer::refuse(std::uint64_t id, StepFailure failure) {
  ControlMessage message = about(ControlKind::kSpawnFailed, id);
  message.step = static_cast<std::uint32_t>(failure.step);
  message.code = failure.code;
  tell(message);
  tell(about(ControlKind::kGone, id));
}

void Jailer::end(const Cell& cell) {
  // By pid namespace, never by walking pids: nothing in the cell can outrun it. ESRCH: already dead.
  ::syscall(SYS_pidfd_send_signal, cell.first.pidfd.get(), SIGKILL, nullptr, 0);
}

void Jailer::finish_if_over(std::uint64_t id) {
  Cell* cell = find(id);
  if (cell == nullptr || !cell->first_gone || (cell->forked && !cell->reaped)) return;
  ControlMessage message = about(ControlKind::kGone, id);
  const sandbox::CgroupUsage usage = slots_.cgroup(cell->slot).usage();
  message.code = cell->status;
  message.cpu_us = cell->cpu_us;
  message.memory_bytes = usage.memory_peak_bytes;
  message.oom_kills = usage.oom_kills;
  message.lost = cell->lost ? 1 : 0;
  slots_.give_back(cell->slot);
  cells_.erase(id);
  tell(message);
  spawn_waiting();
}

void Jailer::end_everything() {
  // At its end of file the socket would wake the loop for ever.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, host_.server.get(), nullptr);
  waiting_.clear();
  for (auto& [id, cell] : cells_) end(cell);
  const auto deadline = std::chrono::steady_clock::now() + kEndLimit;
  while (!cells_.empty() && zygote_.pid > 0 && std::chrono::steady_clock::now() < deadline)
    wait_and_dispatch(50);
  if (zygote_.pid > 0) {
    ::kill(zygote_.pid, SIGKILL);
    ::waitpid(zygote_.pid, nullptr, 0);
  }
}

Jailer::Cell* Jailer::find(std::uint64_t id) {
  const auto found = cells_.find(id);
  return found == cells_.end() ? nullptr : &found->second;
}

void Jailer::watch(int fd, std::uint64_t what, std::uint64_t id) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id << kWhatBits | what;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Jailer::tell(const ControlMessage& message, std::span<const int> fds) const {
  // A server that can't be told anything is gone; its end of file says so.
  static_cast<void>(protocol::send_control(host_.server.get(), message, fds));
}

}  // namespace cellblock::jailer
