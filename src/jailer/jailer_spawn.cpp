// How the jailer makes a cell, from the server's word to the fork; its loop is in jailer.cpp.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "jailer/channel.hpp"
#include "jailer/jailer.hpp"
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

void Jailer::on_forked(Cell& cell, ControlMessage message) {
  if (message.code != 0) {
    // Nothing was forked, so nothing will be reaped; the first process may even be gone already.
    cell.reaped = true;
    fail_spawn(cell, {static_cast<Step>(message.step), message.code});
    finish_if_over(cell.id);
    return;
  }
  message.kind = ControlKind::kSpawned;
  // What a warden has to end if it can't tell by the uid. A cell that is ending already has no line.
  if (!spec_.walls.namespaces && cell.first.report.valid()) {
    static_cast<void>(base::write_all(cell.first.report.get(),
                                      {reinterpret_cast<const char*>(&message.pid), sizeof(message.pid)}));
  }
  cell.announced = true;
  cell.pid = message.pid;
  message.namespaces_us = cell.namespaces_us;
  message.mounts_us = cell.mounts_us;
  message.fork_us = cell.steps.lap_us();
  std::vector<int> fds{cell.channel.get(), cell.first.ledger.get()};
  if (cell.first.wake.valid()) fds.push_back(cell.first.wake.get());
  for (const int file : slots_.cgroup(cell.slot).usage_files()) fds.push_back(file);
  tell(message, fds);
  cell.channel.reset();
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

}  // namespace cellblock::jailer
