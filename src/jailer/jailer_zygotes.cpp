// How zygotes are started, heard, and started again; the jailer's loop is in jailer.cpp.
#include <algorithm>
#include <csignal>
#include <utility>

#include "jailer/jailer.hpp"

namespace cellblock::jailer {
namespace {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;

constexpr int kLookAgainMs = 500;
constexpr std::chrono::milliseconds kFirstRestartDelay{100};
constexpr std::chrono::milliseconds kLongestRestartDelay{5000};

}  // namespace

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
  if (message.kind == ControlKind::kForked) on_forked(*cell, message);
  if (message.kind == ControlKind::kReaped) on_reaped(*cell, message);
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

}  // namespace cellblock::jailer
