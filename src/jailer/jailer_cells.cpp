// How the jailer bounds and ends cells; how it makes them is in jailer_spawn.cpp, its loop in jailer.cpp.
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "jailer/jailer.hpp"
#include "jailer/kill_by_uid.hpp"

namespace cellblock::jailer {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;
using sandbox::Step;

void Jailer::on_reaped(Cell& cell, const ControlMessage& message) {
  cell.reaped = true;
  if (!cell.ending) cell.ending.emplace();
  cell.status = message.code;
  cell.cpu_us = message.cpu_us;
  // The interpreter's process is the execution: what it has left running ends with it.
  end(cell);
  finish_if_over(cell.id);
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
