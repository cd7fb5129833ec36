#include "backends/nsjail/keeper.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "backends/nsjail/jail_config.hpp"
#include "sandbox/namespaces.hpp"

namespace cellblock::backends::nsjail {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;
using sandbox::Step;

namespace {

// Descriptors of a kSpawn message: stdout, stderr.
constexpr std::size_t kOutputs = 2;
// For Python and its libraries, until the request's own limit begins.
constexpr std::uint64_t kStartBytes = 1ULL << 30U;
// For the jails to be gone at the end. The server waits a little longer.
constexpr auto kEndLimit = std::chrono::seconds(4);

sandbox::JailSpec with_room_to_start(sandbox::JailSpec spec) {
  spec.memory_bytes += kStartBytes;
  spec.processes += kOwnProcesses;
  return spec;
}

sandbox::TreeStyle tree_style(const sandbox::Walls& walls) {
  return {walls.own_inodes ? sandbox::Inodes::kOwn : sandbox::Inodes::kShared, sandbox::Devices::kOwn};
}

void lose_line(Jail& jail) {
  end(jail);
  // At its end of file it would wake the loop for ever.
  jail.process.line.reset();
}

}  // namespace

Keeper::Keeper(sandbox::JailSpec spec, sandbox::Refusals refusals, KeeperHandles host,
               sandbox::CgroupTree& tree)
    : spec_(std::move(spec)),
      refusals_(std::move(refusals)),
      host_(std::move(host)),
      slots_(with_room_to_start(spec_), tree, host_.sweeper.get()),
      trees_(spec_, host_.proc.get(), tree_style(spec_.walls)) {}

int Keeper::run() {
  const auto outside = sandbox::own_namespaces();
  if (!outside) {
    ControlMessage message = about(ControlKind::kZygoteDown, 0);
    message.set_text(outside.error().message());
    tell(message);
    return 1;
  }
  outside_ = *outside;
  for (std::size_t pool = 0; pool < spec_.preload.size(); ++pool) {
    if (!try_pool(pool)) return 1;
  }
  while (!server_gone_) wait_and_dispatch();
  end_everything();
  return 0;
}

void Keeper::wait_and_dispatch() {
  std::vector<pollfd> watched{{host_.server.get(), POLLIN, 0}};
  std::vector<std::uint64_t> ids;
  for (const auto& [id, jail] : jails_) {
    ids.push_back(id);
    watched.push_back({jail.process.pidfd.get(), POLLIN, 0});
    // Negative ones are passed over.
    watched.push_back({jail.process.line.get(), POLLIN, 0});
    watched.push_back({jail.answerer.pidfd.get(), POLLIN, 0});
  }
  // After the jails, of which each has three.
  watched.push_back({host_.sweeper ? host_.sweeper->answers() : -1, POLLIN, 0});
  constexpr int kLookAgainMs = 500;
  if (::poll(watched.data(), watched.size(), kLookAgainMs) <= 0) return;
  for (std::size_t index = 0; index < ids.size(); ++index) {
    const auto ready = [&](std::size_t which) { return watched[1 + 3 * index + which].revents != 0; };
    Jail& jail = jails_.at(ids[index]);
    // Its last word before its end.
    if (ready(1)) on_line(jail);
    // Refused calls that nobody answers would hang.
    if (ready(2)) end(jail);
    if (ready(0)) on_gone(ids[index]);
  }
  if (watched.back().revents != 0) host_.sweeper->on_answers();
  if (watched[0].revents != 0) on_server();
}

void Keeper::on_server() {
  auto received = protocol::receive_control(host_.server.get());
  if (!received || !*received) {
    server_gone_ = true;
    return;
  }
  protocol::Received& request = **received;
  const std::uint64_t id = request.message.cell;
  switch (request.message.kind) {
    case ControlKind::kSpawn:
      if (request.message.pool >= spec_.preload.size()) break;
      if (request.fds.size() != kOutputs) {
        refuse(id, {Step::kDescriptors, EMFILE});
        break;
      }
      waiting_.push_back(std::move(request));
      spawn_waiting();
      break;
    case ControlKind::kLimit:
      limit(request.message);
      break;
    case ControlKind::kKill:
      if (const auto found = jails_.find(id); found != jails_.end()) {
        end(found->second);
      } else if (std::erase_if(waiting_, [id](const auto& other) { return other.message.cell == id; }) > 0) {
        tell(about(ControlKind::kGone, id));
      }
      break;
    default:
      break;
  }
}

void Keeper::on_line(Jail& jail) {
  auto received = protocol::receive_control(jail.process.line.get());
  if (!received || !*received) return lose_line(jail);
  const ControlMessage& message = (*received)->message;
  switch (message.kind) {
    case ControlKind::kSpawned:
      take_first(jail, std::move((*received)->fds));
      break;
    case ControlKind::kForked:
      announce(jail);
      break;
    case ControlKind::kReaped:
      jail.status = message.code;
      jail.cpu_us = message.cpu_us;
      // The interpreter's process is the execution: what it has left running ends with it.
      end(jail);
      break;
    case ControlKind::kZygoteDown:
      jail.fault = message.text_view();
      end(jail);
      break;
    default:
      break;
  }
}

void Keeper::take_first(Jail& jail, std::vector<base::Fd> fds) const {
  if (fds.size() != 1) return end(jail);
  jail.first = std::move(fds.front());
  // Only now may there be a script: what has this descriptor can end it.
  if (jail.ending || !order(jail, outside_)) end(jail);
}

void Keeper::announce(Jail& jail) {
  ControlMessage message = about(ControlKind::kSpawned, jail.id);
  message.namespaces_us = jail.start_us;
  message.fork_us = jail.steps.lap_us();
  std::vector<int> fds{jail.channel.get(), jail.ledger.get()};
  for (const int file : slots_.cgroup(jail.slot).usage_files()) fds.push_back(file);
  tell(message, fds);
  jail.announced = true;
  jail.channel.reset();
}

void Keeper::on_gone(std::uint64_t id) {
  Jail jail = std::move(jails_.at(id));
  jails_.erase(id);
  // What its slot's next tenant would meet ends the service.
  if (!finish(jail)) server_gone_ = true;
  if (!jail.announced) {
    ControlMessage failed = about(ControlKind::kSpawnFailed, id);
    failed.set_text(reason_of(jail));
    tell(failed);
  }
  const sandbox::CgroupUsage usage = slots_.cgroup(jail.slot).usage();
  ControlMessage message = about(ControlKind::kGone, id);
  message.code = jail.status;
  message.cpu_us = jail.cpu_us;
  message.memory_bytes = usage.memory_peak_bytes;
  message.cell_cpu_us = usage.cpu_us;
  message.oom_kills = usage.oom_kills;
  message.teardown_us = jail.ending->lap_us();
  slots_.give_back(jail.slot);
  tell(message);
  spawn_waiting();
}

void Keeper::limit(const ControlMessage& request) {
  ControlMessage answer = about(ControlKind::kLimited, request.cell);
  const auto found = jails_.find(request.cell);
  if (found != jails_.end()) {
    sandbox::CgroupSlot& cgroup = slots_.cgroup(found->second.slot);
    // The interpreter is the jail's own here, and none of the script's memory.
    const std::uint64_t before = cgroup.usage().memory_peak_bytes;
    const auto done = cgroup.set_limits(
        {before + request.memory_bytes, request.processes + kOwnProcesses, spec_.cpu_percent});
    if (!done) answer.code = done.error().code;
  } else {
    answer.code = ESRCH;
  }
  tell(answer);
}

void Keeper::refuse(std::uint64_t id, sandbox::StepFailure failure) {
  ControlMessage message = about(ControlKind::kSpawnFailed, id);
  message.step = static_cast<std::uint32_t>(failure.step);
  message.code = failure.code;
  tell(message);
  tell(about(ControlKind::kGone, id));
}

void Keeper::end_everything() {
  waiting_.clear();
  for (auto& [id, jail] : jails_) end(jail);
  const auto deadline = std::chrono::steady_clock::now() + kEndLimit;
  for (auto& [id, jail] : jails_) {
    if (std::chrono::steady_clock::now() < deadline) finish(jail);
  }
  jails_.clear();
  // The last child that does not end by itself.
  host_.sweeper.reset();
  // What nsjail had begun when it was killed ends by itself, and must have left the cgroups before they go.
  while (::waitpid(-1, nullptr, WNOHANG) >= 0 && std::chrono::steady_clock::now() < deadline) ::usleep(1000);
}

void Keeper::tell(const ControlMessage& message, std::span<const int> fds) const {
  // A server that can't be told anything is gone; its end of file says so.
  static_cast<void>(protocol::send_control(host_.server.get(), message, fds));
}

}  // namespace cellblock::backends::nsjail
