// How a zygote that has served its time is replaced; the jailer's loop is in jailer.cpp.
#include <sys/resource.h>

#include <algorithm>

#include "jailer/jailer.hpp"

namespace cellblock::jailer {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;

namespace {

// Imports take seconds, on a machine that is overrun many.
constexpr auto kSuccessorLimit = std::chrono::seconds(120);
// How much less of the CPUs a successor gets while it starts and requests are served.
constexpr int kStartingNice = 10;

// Of a process beside the jailer's own. Without root there is no way back up, so it stays as it is.
void set_nice(const sandbox::Walls& walls, pid_t pid, int beyond) {
  if (walls.host_admin)
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), ::getpriority(PRIO_PROCESS, 0) + beyond);
}

}  // namespace

Jailer::Zygote* Jailer::serving(std::size_t pool) {
  const auto found = zygotes_.find(pools_[pool].serving);
  return found == zygotes_.end() ? nullptr : &found->second;
}

void Jailer::renew(std::size_t pool) {
  const Zygote* current = serving(pool);
  if (current == nullptr || !current->up || pools_[pool].successor != kNoZygote) {
    renewed(pool, "another zygote of the pool is starting");
    return;
  }
  const bool before = std::any_of(zygotes_.begin(), zygotes_.end(), [pool](const auto& entry) {
    return entry.second.leaving && entry.second.pool == pool;
  });
  if (before) {
    renewed(pool, "executions still run in cells of the one before");
    return;
  }
  const auto started = start_zygote(pool);
  if (!started) {
    renewed(pool, sandbox::describe(started.error()));
    return;
  }
  Zygote& successor = zygotes_.at(*started);
  successor.answer_until = std::chrono::steady_clock::now() + kSuccessorLimit;
  set_nice(spec_.walls, successor.process.pid, kStartingNice);
  pools_[pool].successor = *started;
}

void Jailer::renewed(std::size_t pool, std::string_view failure) {
  pools_[pool].successor = kNoZygote;
  ControlMessage message = about(ControlKind::kRenewed, 0);
  message.pool = static_cast<std::uint32_t>(pool);
  message.code = failure.empty() ? 0 : 1;
  message.set_text(failure);
  tell(message);
}

void Jailer::on_zygote_up(std::uint64_t number, Zygote& zygote, const ControlMessage& message) {
  Pool& pool = pools_[zygote.pool];
  zygote.up = true;
  zygote.answer_until.reset();
  set_nice(spec_.walls, zygote.process.pid, 0);
  if (pool.successor == number) {
    const std::uint64_t old = pool.serving;
    pool.serving = number;
    zygotes_.at(old).leaving = true;
    // The server replaces the ready cells of the old one when it hears of this.
    renewed(zygote.pool);
    let_go(old);
    return;
  }
  pool.restart_delay = {};
  tell(message);
  spawn_waiting();
}

void Jailer::let_go(std::uint64_t number) {
  const auto found = zygotes_.find(number);
  if (found == zygotes_.end() || !found->second.leaving) return;
  const bool used = std::any_of(cells_.begin(), cells_.end(),
                                [number](const auto& entry) { return entry.second.zygote == number; });
  // At the end of file it ends by itself.
  if (!used) found->second.process.control.reset();
}

}  // namespace cellblock::jailer
