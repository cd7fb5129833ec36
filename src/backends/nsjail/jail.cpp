#include "backends/nsjail/jail.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "backends/nsjail/log_reason.hpp"
#include "protocol/control.hpp"

namespace cellblock::backends::nsjail {
namespace {

constexpr int kEndMs = 2000;

void kill(const base::Fd& pidfd) {
  if (pidfd.valid()) ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

bool wait_for(int fd, int limit_ms) {
  pollfd watched{fd, POLLIN, 0};
  int count = -1;
  do {
    count = ::poll(&watched, 1, limit_ms);
  } while (count < 0 && errno == EINTR);
  return count > 0;
}

// Reads what the first process still had to say. Its end is the end of whoever was to become it, too.
bool hear_the_line_end(Jail& jail) {
  while (wait_for(jail.process.line.get(), kEndMs)) {
    auto received = protocol::receive_control(jail.process.line.get());
    if (!received || !*received) return true;
    if ((*received)->message.kind != protocol::ControlKind::kSpawned || (*received)->fds.empty()) continue;
    jail.first = std::move((*received)->fds.front());
    kill(jail.first);
  }
  return false;
}

}  // namespace

bool order(const Jail& jail, const std::string& outside) {
  protocol::ControlMessage message = protocol::about(protocol::ControlKind::kFork, jail.id);
  message.unprimed = jail.unprimed;
  message.set_text(outside);
  return protocol::send_control(jail.process.line.get(), message).has_value();
}

void end(Jail& jail) {
  if (!jail.ending) jail.ending.emplace();
  kill(jail.first);
  // What is not so far yet dies with nsjail, or finds this line closed and ends by itself.
  ::shutdown(jail.process.line.get(), SHUT_WR);
  kill(jail.process.pidfd);
  kill(jail.answerer.pidfd);
}

bool finish(Jail& jail) {
  end(jail);
  bool over = !jail.process.line.valid() || hear_the_line_end(jail);
  // A first process is dead only after all that was in its namespace.
  for (const base::Fd* pidfd : {&jail.first, &jail.process.pidfd, &jail.answerer.pidfd}) {
    over = (!pidfd->valid() || wait_for(pidfd->get(), kEndMs)) && over;
  }
  // Its own children, and those of a dead nsjail, which have come to this process.
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  return over;
}

std::string reason_of(const Jail& jail) {
  if (!jail.fault.empty()) return jail.fault;
  std::array<char, 8192> log{};
  const ssize_t count = ::read(jail.process.log.get(), log.data(), log.size());
  return log_reason({log.data(), count > 0 ? static_cast<std::size_t>(count) : 0});
}

}  // namespace cellblock::backends::nsjail
