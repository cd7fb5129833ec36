// What the jailer does for single cells; its loop is in jailer.cpp.
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "jailer/channel.hpp"
#include "jailer/jailer.hpp"
#include "jailer/kill_by_uid.hpp"
#include "jailer/warden.hpp"
#include "sandbox/privileges.hpp"

namespace cellblock::jailer {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;
using sandbox::Step;
using sandbox::StepFailure;

void Jailer::spawn_waiting() {
  for (;;) {
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), [this](const auto& request) {
      const Zygote* zygote = serving(request.message.pool);
      return zygote != nullptr && zygote->up;
    });
    if (next == waiting_.end()) return;
    auto slot = slots_.take();
    if (slot && !*slot) return;  // all taken: goes on when one is given back
    protocol::Received request = std::move(*next);
    waiting_.erase(next);
    Cell cell;
    cell.id = request.message.cell;
    cell.pool = request.message.pool;
    cell.unprimed = request.message.unprimed;
    cell.channels = std::move(request.fds);
    auto channel = make_channel();
    if (!channel) {
      refuse(cell.id, channel.error());
      if (slot) slots_.give_back(**slot);
      continue;
    }
    cell.channel = std::move(channel->first);
    cell.channels.insert(cell.channels.begin(), std::move(channel->second));
    if (!slot) {
      refuse(cell.id, {Step::kCgroupSlot, slot.error().code});
      continue;
    }
    cell.slot = **slot;
    auto first = make_first(cell.slot);
    if (!first) {
      refuse(cell.id, first.error());
      slots_.give_back(cell.slot);
      continue;
    }
    cell.first = std::move(*first);
    cell.namespaces_us = cell.steps.lap_us();
    watch(cell.first.report.get(), Watched::kReport, cell.id);
    watch(cell.first.pidfd.get(), Watched::kFirstProcess, cell.id);
    cells_.emplace(cell.id, std::move(cell));
  }
}

tl::expected<FirstProcess, StepFailure> Jailer::make_first(std::uint32_t slot) {
  // Without the right to map other ids, the cell is the jailer's own user outside.
  const std::uint32_t outside = spec_.walls.own_uid ? spec_.uid_base + slot : sandbox::kIdInOwnNamespace;
  if (!spec_.walls.namespaces) return make_warden(spec_, slot);
  auto first = tl::expected<FirstProcess, StepFailure>{};
  if (auto entered = trees_.enter(slot)) {
    first = make_first_process(spec_, refusals_, host_.proc.get(), outside, *host_.low);
  } else {
    first = tl::make_unexpected(entered.error());
  }
  // In the wrong tree nothing may be made any more: ends the service.
  if (!trees_.leave()) server_gone_ = true;
  return first;
}

void Jailer::on_report(Cell& cell) {
  if (!cell.first.report.valid()) return;
  StepFailure failure{};
  const ssize_t count = ::read(cell.first.report.get(), &failure, sizeof(failure));
  if (count != static_cast<ssize_t>(sizeof(failure))) failure = {Step::kInitSeal, ECHILD};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, cell.first.report.get(), nullptr);
  cell.first.loan.reset();
  // A warden lives as long as its line.
  if (spec_.walls.namespaces) cell.first.report.reset();
  if (failure.step != Step::kNone) {
    fail_spawn(cell, failure);
    return;
  }
  cell.mounts_us = cell.steps.lap_us();
  std::vector<int> fds;
  for (const base::Fd& fd : cell.channels) fds.push_back(fd.get());
  fds.push_back(cell.first.pidfd.get());
  ControlMessage message = about(ControlKind::kFork, cell.id);
  message.slot = cell.slot;
  message.unprimed = cell.unprimed;
  if (cell.first.supervisor.valid()) {
    fds.push_back(cell.first.supervisor.get());
    message.supervised = 1;
  }
  for (const int procs : slots_.cgroup(cell.slot).procs()) fds.push_back(procs);
  Zygote* zygote = serving(cell.pool);
  if (zygote == nullptr || !protocol::send_control(zygote->process.control.get(), message, fds)) {
    fail_spawn(cell, {Step::kFork, EPIPE});
    return;
  }
  cell.zygote = pools_[cell.pool].serving;
  ++zygote->asked;
  if (!zygote->answer_until) zygote->answer_until = std::chrono::steady_clock::now() + kAnswerLimit;
  cell.channels.clear();
  // Whoever else kept this end would keep the first process from seeing that nobody has the other.
  cell.first.supervisor.reset();
}

void Jailer::on_first_gone(Cell& cell) {
  if (cell.first_gone) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, cell.first.pidfd.get(), nullptr);
  cell.first_gone = true;
  if (!spec_.walls.namespaces && !sweep_after_warden(cell)) server_gone_ = true;
  if (!cell.announced && cell.zygote == kNoZygote) fail_spawn(cell, {Step::kInitSeal, ECHILD});
  finish_if_over(cell.id);
}

// Nothing is left when a warden has ended by itself. One that was killed leaves its work to the jailer; what
// can't be ended within a second ends the service, since its slot's next tenant would meet it.
bool Jailer::sweep_after_warden(const Cell& cell) const {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const bool left = spec_.walls.own_uid ? kill_uid(spec_.uid_base + cell.slot) : kill_session(cell.pid);
    if (!left) return true;
    ::usleep(1000);
  }
  return false;
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

void Jailer::end(Cell& cell) const {
  if (!cell.ending) cell.ending.emplace();
  if (!spec_.walls.namespaces) {
    cell.first.report.reset();
    return;
  }
  // By pid namespace, never by walking pids: nothing in the cell can outrun it. ESRCH: already dead.
  ::syscall(SYS_pidfd_send_signal, cell.first.pidfd.get(), SIGKILL, nullptr, 0);
}

void Jailer::finish_if_over(std::uint64_t id) {
  Cell* cell = find(id);
  if (cell == nullptr || !cell->first_gone || (cell->zygote != kNoZygote && !cell->reaped)) return;
  ControlMessage message = about(ControlKind::kGone, id);
  const sandbox::CgroupUsage usage = slots_.cgroup(cell->slot).usage();
  message.code = cell->status;
  message.cpu_us = cell->cpu_us;
  message.memory_bytes = usage.memory_peak_bytes;
  message.cell_cpu_us = usage.cpu_us;
  message.oom_kills = usage.oom_kills;
  message.lost = cell->lost ? 1 : 0;
  if (cell->ending) message.teardown_us = cell->ending->lap_us();
  const std::uint64_t zygote = cell->zygote;
  slots_.give_back(cell->slot);
  cells_.erase(id);
  tell(message);
  let_go(zygote);
  spawn_waiting();
}

}  // namespace cellblock::jailer
