#include "backends/nsjail/jail.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "backends/nsjail/log_reason.hpp"
#include "jailer/kill_by_uid.hpp"
#include "protocol/control.hpp"

namespace cellblock::backends::nsjail {
namespace {

constexpr int kSweeps = 1000;

void kill_and_reap(pid_t& pid, const base::Fd& pidfd) {
  if (pid <= 0) return;
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
  ::waitpid(pid, nullptr, 0);
  pid = -1;
}

}  // namespace

bool order(const Jail& jail, const std::string& outside) {
  protocol::ControlMessage message = protocol::about(protocol::ControlKind::kFork, jail.id);
  message.set_text(outside);
  return protocol::send_control(jail.process.line.get(), message).has_value();
}

void end(Jail& jail) {
  if (!jail.ending) jail.ending.emplace();
  // The jail's first process dies with nsjail, and the rest with it; one that is not so far yet finds this
  // line closed and ends by itself.
  ::syscall(SYS_pidfd_send_signal, jail.process.pidfd.get(), SIGKILL, nullptr, 0);
  jail.process.line.reset();
}

bool sweep(Jail& jail, std::uint32_t uid) {
  kill_and_reap(jail.process.pid, jail.process.pidfd);
  kill_and_reap(jail.answerer.pid, jail.answerer.pidfd);
  for (int attempt = 0; attempt < kSweeps; ++attempt) {
    if (!jailer::kill_uid(uid)) return true;
    ::usleep(1000);
  }
  return false;
}

std::string reason_of(const Jail& jail) {
  if (!jail.fault.empty()) return jail.fault;
  std::array<char, 8192> log{};
  const ssize_t count = ::read(jail.process.log.get(), log.data(), log.size());
  return log_reason({log.data(), count > 0 ? static_cast<std::size_t>(count) : 0});
}

}  // namespace cellblock::backends::nsjail
