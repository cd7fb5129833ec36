#include "backends/nsjail/answerer.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "jailer/first_process.hpp"
#include "sandbox/cell_setup.hpp"
#include "sandbox/privileges.hpp"

namespace cellblock::backends::nsjail {
namespace {

using sandbox::Step;
using sandbox::step_failed;
using sandbox::StepFailure;

sandbox::StepResult take_uid(uid_t uid) {
  // Before the change of ids, which then keeps the capabilities that the rest of the sealing needs.
  if (auto done = sandbox::forbid_capabilities(); !done) return done;
  if (::setgroups(0, nullptr) != 0) return step_failed(Step::kIdentity);
  if (::setresgid(uid, uid, uid) != 0) return step_failed(Step::kIdentity);
  if (::setresuid(uid, uid, uid) != 0) return step_failed(Step::kIdentity);
  return {};
}

[[noreturn]] void live(const sandbox::Refusals& refusals, uid_t uid, int line, int ledger, int report) {
  StepFailure failure{Step::kDescriptors, 0};
  sandbox::Supervision supervision;
  supervision.refusals = &refusals;
  supervision.line = base::Fd(line);
  supervision.ledger = sandbox::map_ledger(ledger);
  if (supervision.ledger == nullptr || !jailer::keep_only({line, report})) {
    failure.code = errno;
  } else if (auto taken = take_uid(uid); !taken) {
    failure = taken.error();
  } else if (auto sealed = sandbox::seal_first_process(report, std::move(supervision)); !sealed) {
    failure = sealed.error();
  }
  static_cast<void>(::write(report, &failure, sizeof(failure)) < 0);
  ::_exit(1);
}

}  // namespace

tl::expected<Answerer, StepFailure> start_answerer(const sandbox::Refusals& refusals, uid_t uid, int line,
                                                   int ledger) {
  auto report = base::make_socketpair(SOCK_STREAM);
  if (!report) return step_failed(Step::kListener);
  Answerer answerer;
  answerer.pid = ::fork();
  if (answerer.pid < 0) return step_failed(Step::kClone);
  if (answerer.pid == 0) live(refusals, uid, line, ledger, report->second.get());
  report->second.reset();
  StepFailure failure{};
  const ssize_t count = ::read(report->first.get(), &failure, sizeof(failure));
  if (count != static_cast<ssize_t>(sizeof(failure))) failure = {Step::kInitSeal, ECHILD};
  answerer.pidfd = base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, answerer.pid, 0)));
  if (!answerer.pidfd.valid()) failure = {Step::kClone, errno};
  if (failure.step != Step::kNone) {
    ::kill(answerer.pid, SIGKILL);
    ::waitpid(answerer.pid, nullptr, 0);
    return tl::make_unexpected(failure);
  }
  return answerer;
}

}  // namespace cellblock::backends::nsjail
