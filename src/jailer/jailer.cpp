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

// An epoll event carries the kind in three bits, with the number above them.
constexpr unsigned kWhatBits = 3;
constexpr std::uint64_t kServerId = 0;

// Descriptors of a kSpawn message: stdout, stderr.
constexpr std::size_t kOutputs = 2;
// For the cells to be gone at the end; after half of it the zygotes are not waited for any more. The server
// waits a little longer.
constexpr auto kEndLimit = std::chrono::seconds(4);

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
      slots_(spec_, tree, host_.sweeper.get()),
      trees_(spec_, host_.proc.get(), tree_style(spec_.walls)),
      pools_(spec_.preload.size()) {}

int Jailer::run() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  epoll_ = base::Fd(::epoll_create1(EPOLL_CLOEXEC));
  children_ = base::Fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  watch(host_.server.get(), Watched::kServerOrZygote, kServerId);
  watch(children_.get(), Watched::kChildren, 0);
  if (host_.sweeper) watch(host_.sweeper->answers(), Watched::kSweeper, 0);
  for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
    if (const auto started = start_zygote(pool)) {
      pools_[pool].serving = *started;
    } else {
      ControlMessage message = about(ControlKind::kFatal, 0);
      message.step = static_cast<std::uint32_t>(started.error().step);
      message.code = started.error().code;
      tell(message);
      return 1;
    }
  }
  while (!server_gone_) {
    wait_and_dispatch(restart_zygotes());
    end_hung_zygotes();
  }
  end_everything();
  return 0;
}

void Jailer::wait_and_dispatch(int timeout_ms) {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int index = 0; index < count; ++index) {
    const std::uint64_t data = events[static_cast<std::size_t>(index)].data.u64;
    const std::uint64_t id = data >> kWhatBits;
    switch (static_cast<Watched>(data & ((1U << kWhatBits) - 1))) {
      case Watched::kServerOrZygote:
        id == kServerId ? on_server() : on_zygote(id);
        break;
      case Watched::kChildren:
        on_children();
        break;
      case Watched::kReport:
        if (Cell* cell = find(id)) on_report(*cell);
        break;
      case Watched::kFirstProcess:
        if (Cell* cell = find(id)) on_first_gone(*cell);
        break;
      case Watched::kSweeper:
        host_.sweeper->on_answers();
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
      if (request.message.pool >= pools_.size()) break;
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
    case ControlKind::kRenew:
      if (request.message.pool < pools_.size()) renew(request.message.pool);
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

void Jailer::on_children() {
  signalfd_siginfo info{};
  while (::read(children_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
  }
  int status = 0;
  // Also reaps orphans of a dead zygote: the jailer is their subreaper.
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto dead = std::find_if(zygotes_.begin(), zygotes_.end(),
                                   [pid](const auto& entry) { return entry.second.process.pid == pid; });
    if (dead != zygotes_.end()) on_zygote_dead(dead->first);
  }
}

void Jailer::end_everything() {
  // At its end of file the socket would wake the loop for ever.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, host_.server.get(), nullptr);
  waiting_.clear();
  for (auto& [id, cell] : cells_) end(cell);
  const auto deadline = std::chrono::steady_clock::now() + kEndLimit;
  const auto patience = deadline - kEndLimit / 2;
  while (!cells_.empty() && !zygotes_.empty() && std::chrono::steady_clock::now() < deadline) {
    wait_and_dispatch(50);
    if (std::chrono::steady_clock::now() < patience) continue;
    for (const auto& [number, zygote] : zygotes_) ::kill(zygote.process.pid, SIGKILL);
  }
  for (const auto& [number, zygote] : zygotes_) {
    ::kill(zygote.process.pid, SIGKILL);
    ::waitpid(zygote.process.pid, nullptr, 0);
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
