// How the keeper makes jails; its loop is in keeper.cpp.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "backends/nsjail/jail_config.hpp"
#include "backends/nsjail/keeper.hpp"
#include "jailer/channel.hpp"
#include "protocol/frame.hpp"
#include "sandbox/cell_ledger.hpp"

namespace cellblock::backends::nsjail {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;
using protocol::FrameKind;
using sandbox::Step;
using sandbox::step_failed;
using sandbox::StepFailure;

namespace {

// For Python to start and import what a pool wants, on a machine that has other things to do.
constexpr int kTrialMs = 60'000;
constexpr std::size_t kFrameLimit = 4096;

std::string failed_step(std::string_view payload) {
  const auto step = protocol::take_u64(payload);
  const auto code = protocol::take_u64(payload);
  return "seal a cell: " +
         sandbox::describe({static_cast<Step>(step.value_or(0)), static_cast<int>(code.value_or(0))});
}

}  // namespace

tl::expected<Jail, StepFailure> Keeper::make(std::uint32_t slot, std::size_t pool, int out, int err) {
  Jail jail;
  jail.slot = slot;
  jail.pool = pool;
  const std::uint32_t uid = uid_of(jail);
  auto channel = jailer::make_channel();
  if (!channel) return tl::make_unexpected(channel.error());
  auto ledger = sandbox::make_ledger();
  if (!ledger) return step_failed(Step::kListener);
  base::Fd supervisor;
  if (spec_.listening != sandbox::Listening::kNone) {
    auto lines = base::make_socketpair(SOCK_STREAM);
    if (!lines) return step_failed(Step::kListener);
    auto answerer = start_answerer(refusals_, uid, lines->second.get(), ledger->get());
    if (!answerer) return tl::make_unexpected(answerer.error());
    jail.answerer = std::move(*answerer);
    supervisor = std::move(lines->first);
  }
  const auto program = copy_program(host_.program.get(), uid);
  if (!program) {
    finish(jail);
    return tl::make_unexpected(StepFailure{Step::kDescriptors, program.error().code});
  }
  sandbox::JailSpec told = spec_;
  // As a zygote: nothing of the host that it can do without.
  told.service_id.clear();
  told.cgroup_root.clear();
  told.nsjail.clear();
  told.shown.clear();
  told.written.clear();
  told.preload = {spec_.preload[pool]};
  JailInput input;
  input.nsjail = host_.nsjail.get();
  input.program = program->get();
  input.spec = sandbox::to_json(told);
  input.cgroup_procs = slots_.cgroup(slot).procs();
  input.channel = channel->second.get();
  input.out = out;
  input.err = err;
  input.supervisor = supervisor.get();
  auto process = tl::expected<JailProcess, StepFailure>{};
  if (auto entered = trees_.enter(slot)) {
    input.config = jail_config(spec_, uid, tree_tops());
    process = start_jail(input);
  } else {
    process = tl::make_unexpected(entered.error());
  }
  // In the wrong tree nothing may be made any more: ends the service.
  if (!trees_.leave()) server_gone_ = true;
  if (!process) {
    finish(jail);
    return tl::make_unexpected(process.error());
  }
  jail.process = std::move(*process);
  jail.ledger = std::move(*ledger);
  jail.channel = std::move(channel->first);
  jail.start_us = static_cast<std::uint32_t>(jail.steps.lap_us());
  return jail;
}

void Keeper::spawn_waiting() {
  while (!waiting_.empty()) {
    auto slot = slots_.take();
    if (slot && !*slot) return;  // all taken: goes on when one is given back
    const protocol::Received request = std::move(waiting_.front());
    waiting_.pop_front();
    const std::uint64_t id = request.message.cell;
    if (!slot) {
      refuse(id, {Step::kCgroupSlot, slot.error().code});
      continue;
    }
    auto jail = make(**slot, request.message.pool, request.fds[0].get(), request.fds[1].get());
    if (!jail) {
      refuse(id, jail.error());
      slots_.give_back(**slot);
      continue;
    }
    jail->id = id;
    jail->unprimed = request.message.unprimed;
    jails_.emplace(id, std::move(*jail));
  }
}

tl::expected<std::string, std::string> Keeper::seal_one(Jail& jail) {
  std::string versions;
  protocol::FrameReader frames(kFrameLimit);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTrialMs);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> watched = {{{jail.process.line.get(), POLLIN, 0}, {jail.channel.get(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), static_cast<int>(std::max<long>(left.count(), 0))) <= 0)
      return tl::make_unexpected("wait for a jail for " + std::to_string(kTrialMs / 1000) + " s");
    if (watched[1].revents != 0) {
      std::array<char, kFrameLimit> bytes{};
      const ssize_t count = ::read(jail.channel.get(), bytes.data(), bytes.size());
      if (count <= 0) return tl::make_unexpected(std::string());
      frames.feed({bytes.data(), static_cast<std::size_t>(count)});
      const auto frame = frames.next();
      if (!frame) return tl::make_unexpected(std::string("read the frames of a jail"));
      if (*frame && (*frame)->kind == FrameKind::kReady) return versions;
      if (*frame) return tl::make_unexpected(failed_step((*frame)->payload));
    }
    if (watched[0].revents != 0) {
      auto received = protocol::receive_control(jail.process.line.get());
      if (!received || !*received) return tl::make_unexpected(std::string());
      if ((*received)->message.kind == ControlKind::kSpawned) take_first(jail, std::move((*received)->fds));
      const ControlMessage& message = (*received)->message;
      if (message.kind == ControlKind::kZygoteDown)
        return tl::make_unexpected(std::string(message.text_view()));
      if (message.kind == ControlKind::kZygoteUp) versions = message.text_view();
    }
  }
}

bool Keeper::try_pool(std::size_t pool) {
  ControlMessage message = about(ControlKind::kZygoteUp, 0);
  message.pool = static_cast<std::uint32_t>(pool);
  tl::expected<std::string, std::string> sealed;
  auto slot = slots_.take();
  auto outputs = base::make_pipe();
  if (!slot || !*slot || !outputs) {
    sealed = tl::make_unexpected(slot ? std::string("find a place for a jail") : slot.error().message());
  } else if (auto jail = make(**slot, pool, outputs->second.get(), outputs->second.get()); !jail) {
    sealed = tl::make_unexpected(sandbox::describe(jail.error()));
    slots_.give_back(**slot);
  } else {
    sealed = seal_one(*jail);
    const bool over = finish(*jail);
    if (!sealed && sealed.error().empty()) sealed = tl::make_unexpected(reason_of(*jail));
    if (!over) sealed = tl::make_unexpected(std::string("end a jail: something in it is left"));
    slots_.give_back(**slot);
  }
  message.kind = sealed ? ControlKind::kZygoteUp : ControlKind::kZygoteDown;
  message.set_text(sealed ? *sealed : "make a jail with " + spec_.nsjail + ": " + sealed.error());
  tell(message);
  return sealed.has_value();
}

}  // namespace cellblock::backends::nsjail
