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
constexpr int kLookAgainMs = 500;
constexpr std::chrono::milliseconds kFirstRestartDelay{100};
constexpr std::chrono::milliseconds kLongestRestartDelay{5000};
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

int Jailer::restart_zygotes() {
  int next = -1;
  for (const auto& [number, zygote] : zygotes_) {
    // In time to see that it does not answer.
    if (zygote.answer_until) next = kLookAgainMs;
  }
  for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
    if (pools_[pool].serving != kNoZygote) continue;
    const auto left = [&] {
      const auto time = pools_[pool].restart_at - std::chrono::steady_clock::now();
      return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time).count());
    };
    if (left() <= 0) {
      const auto started = start_zygote(pool);
      if (started) {
        pools_[pool].serving = *started;
        continue;
      }
      zygote_is_down(pool, sandbox::describe(started.error()));
    }
    next = next < 0 ? std::max(left(), 0) : std::clamp(left(), 0, next);
  }
  return next;
}

void Jailer::end_hung_zygotes() {
  const auto now = std::chrono::steady_clock::now();
  for (auto& [number, zygote] : zygotes_) {
    // Its death is handled when it is reaped.
    if (zygote.answer_until.value_or(now) < now) {
      zygote.answer_until.reset();
      ::kill(zygote.process.pid, SIGKILL);
    }
  }
}

tl::expected<std::uint64_t, sandbox::StepFailure> Jailer::start_zygote(std::size_t pool) {
  // A copy of all that the zygote knows is in every cell: nothing of the host that it can do without.
  sandbox::JailSpec for_zygote = spec_;
  for_zygote.service_id.clear();
  for_zygote.cgroup_root.clear();
  for_zygote.written.clear();
  std::erase_if(for_zygote.shown, [](const sandbox::ShownPath& shown) { return !shown.writable; });
  // Where scripts may write is Landlock's business, and not what of the host that is.
  for (sandbox::ShownPath& shown : for_zygote.shown) shown.path.clear();
  for_zygote.preload = {spec_.preload[pool]};
  auto started = jailer::start_zygote(host_.zygote_program.get(), for_zygote);
  if (!started) return tl::make_unexpected(started.error());
  const std::uint64_t number = next_zygote_++;
  watch(started->control.get(), Watched::kServerOrZygote, number);
  Zygote zygote;
  zygote.pool = pool;
  zygote.process = std::move(*started);
  zygotes_.emplace(number, std::move(zygote));
  return number;
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

void Jailer::on_zygote(std::uint64_t number) {
  const auto found = zygotes_.find(number);
  if (found == zygotes_.end() || !found->second.process.control.valid()) return;
  Zygote& zygote = found->second;
  auto received = protocol::receive_control(zygote.process.control.get());
  if (!received || !*received) {
    // Its death is handled when it is reaped; a zygote that only lost its socket is of no use either.
    zygote.process.control.reset();
    ::kill(zygote.process.pid, SIGKILL);
    return;
  }
  ControlMessage& message = (*received)->message;
  message.pool = static_cast<std::uint32_t>(zygote.pool);
  if (message.kind == ControlKind::kZygoteUp) {
    on_zygote_up(number, zygote, message);
    return;
  }
  if (message.kind == ControlKind::kZygoteDown) {
    // It says why it can't start, and ends.
    if (pools_[zygote.pool].successor == number) {
      zygote.leaving = true;
      renewed(zygote.pool, message.text_view());
    } else {
      tell(message);
    }
    return;
  }
  if (message.kind == ControlKind::kForked && zygote.asked > 0) --zygote.asked;
  zygote.answer_until.reset();
  if (zygote.asked > 0) zygote.answer_until = std::chrono::steady_clock::now() + kAnswerLimit;
  Cell* cell = find(message.cell);
  if (cell == nullptr || cell->zygote != number) return;
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
    message.namespaces_us = cell->namespaces_us;
    message.mounts_us = cell->mounts_us;
    message.fork_us = cell->steps.lap_us();
    std::vector<int> fds{cell->channel.get(), cell->first.ledger.get()};
    if (cell->first.wake.valid()) fds.push_back(cell->first.wake.get());
    for (const int file : slots_.cgroup(cell->slot).usage_files()) fds.push_back(file);
    tell(message, fds);
    cell->channel.reset();
  } else if (message.kind == ControlKind::kReaped) {
    cell->reaped = true;
    if (!cell->ending) cell->ending.emplace();
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
    const auto dead = std::find_if(zygotes_.begin(), zygotes_.end(),
                                   [pid](const auto& entry) { return entry.second.process.pid == pid; });
    if (dead != zygotes_.end()) on_zygote_dead(dead->first);
  }
}

void Jailer::zygote_is_down(std::size_t pool, std::string_view why) {
  Pool& down = pools_[pool];
  down.restart_delay = std::clamp(down.restart_delay * 2, kFirstRestartDelay, kLongestRestartDelay);
  down.restart_at = std::chrono::steady_clock::now() + down.restart_delay;
  ControlMessage message = about(ControlKind::kZygoteDown, 0);
  message.pool = static_cast<std::uint32_t>(pool);
  message.set_text(why);
  tell(message);
  // The server gives up what it was waiting for when it hears of this.
  std::erase_if(waiting_, [pool](const auto& request) { return request.message.pool == pool; });
}

void Jailer::on_zygote_dead(std::uint64_t number) {
  const std::size_t pool = zygotes_.at(number).pool;
  zygotes_.erase(number);
  Pool& of = pools_[pool];
  if (of.successor == number) renewed(pool, "the zygote has ended while it started");
  const bool served = of.serving == number;
  if (served) {
    // A successor is then an ordinary zygote that starts.
    of.serving = of.successor;
    if (of.successor != kNoZygote) renewed(pool, "the zygote has ended before the next was ready");
    zygote_is_down(pool, "the zygote has ended");
  }
  std::vector<std::uint64_t> lost;
  for (auto& [id, cell] : cells_) {
    if (cell.zygote == number || (served && cell.pool == pool && cell.zygote == kNoZygote))
      lost.push_back(id);
  }
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
