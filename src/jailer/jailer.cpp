#include "jailer/jailer.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace cellblock::jailer {
namespace {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;
using sandbox::Step;

// An epoll event carries the kind in two bits, with the number above them.
constexpr unsigned kWhatBits = 2;
constexpr std::uint64_t kServerId = 0;
constexpr std::uint64_t kZygoteId = 1;

// Descriptors of a kSpawn message: stdout, stderr.
constexpr std::size_t kOutputs = 2;
constexpr std::chrono::milliseconds kFirstRestartDelay{100};
constexpr std::chrono::milliseconds kLongestRestartDelay{5000};
constexpr auto kEndLimit = std::chrono::seconds(5);

// Device nodes can be made with the host's rights alone.
sandbox::TreeStyle tree_style(const sandbox::Walls& walls) {
  return {walls.own_inodes ? sandbox::Inodes::kOwn : sandbox::Inodes::kShared,
          walls.host_admin ? sandbox::Devices::kOwn : sandbox::Devices::kShared};
}

}  // namespace

Jailer::Jailer(sandbox::JailSpec spec, sandbox::Refusals refusals, HostHandles host,
               sandbox::CgroupTree& tree)
    : spec_(std::move(spec)),
      refusals_(std::move(refusals)),
      host_(std::move(host)),
      slots_(spec_, tree),
      trees_(spec_, host_.proc.get(), tree_style(spec_.walls)) {}

int Jailer::run() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  epoll_ = base::Fd(::epoll_create1(EPOLL_CLOEXEC));
  children_ = base::Fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  watch(host_.server.get(), Watched::kServerOrZygote, kServerId);
  watch(children_.get(), Watched::kChildren, 0);
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
  // A copy of all that the zygote knows is in every cell: nothing of the host that it can do without.
  sandbox::JailSpec for_zygote = spec_;
  for_zygote.service_id.clear();
  for_zygote.cgroup_root.clear();
  auto started = jailer::start_zygote(host_.zygote_program.get(), sandbox::to_json(for_zygote));
  if (!started) return tl::make_unexpected(started.error());
  zygote_ = std::move(*started);
  watch(zygote_.control.get(), Watched::kServerOrZygote, kZygoteId);
  return {};
}

void Jailer::wait_and_dispatch(int timeout_ms) {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int index = 0; index < count; ++index) {
    const std::uint64_t data = events[static_cast<std::size_t>(index)].data.u64;
    const std::uint64_t id = data >> kWhatBits;
    switch (static_cast<Watched>(data & ((1U << kWhatBits) - 1))) {
      case Watched::kServerOrZygote:
        id == kServerId ? on_server() : on_zygote();
        break;
      case Watched::kChildren:
        on_children();
        break;
      case Watched::kReport:
        if (Cell* cell = find(id)) on_report(*cell);
        break;
      case Watched::kFirstProcess:
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
      if (request.fds.size() != kOutputs) {
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
    // What a warden has to end if it can't tell by the uid. A cell that is ending already has no line.
    if (!spec_.walls.namespaces && cell->first.report.valid()) {
      static_cast<void>(base::write_all(cell->first.report.get(),
                                        {reinterpret_cast<const char*>(&message.pid), sizeof(message.pid)}));
    }
    cell->announced = true;
    cell->pid = message.pid;
    std::vector<int> fds{cell->channel.get(), cell->first.ledger.get()};
    if (cell->first.wake.valid()) fds.push_back(cell->first.wake.get());
    for (const int file : slots_.cgroup(cell->slot).usage_files()) fds.push_back(file);
    tell(message, fds);
    cell->channel.reset();
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

void Jailer::watch(int fd, Watched what, std::uint64_t id) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id << kWhatBits | static_cast<std::uint64_t>(what);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Jailer::tell(const ControlMessage& message, std::span<const int> fds) const {
  // A server that can't be told anything is gone; its end of file says so.
  static_cast<void>(protocol::send_control(host_.server.get(), message, fds));
}

}  // namespace cellblock::jailer
