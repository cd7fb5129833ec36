#include "zygote/in_jail.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "heap/python_heap.hpp"
#include "protocol/control.hpp"
#include "protocol/in_jail.hpp"
#include "runner/cell_process.hpp"
#include "sandbox/cell_rules.hpp"
#include "sandbox/namespaces.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::zygote {
namespace {

using protocol::ControlKind;
using protocol::ControlMessage;
using sandbox::Step;
using sandbox::step_failed;

constexpr int kExitFailed = 1;

bool tell(int line, ControlKind kind, std::string_view text = {}) {
  ControlMessage message;
  message.kind = kind;
  message.set_text(text);
  return protocol::send_control(line, message).has_value();
}

int give_up(int line, const std::string& reason) {
  tell(line, ControlKind::kZygoteDown, reason);
  return kExitFailed;
}

// Trusts nobody: an nsjail that was built or configured without one of them would leave a wall out.
base::Result<void> see_that_all_namespaces_are_own(std::string_view outside) {
  const auto own = sandbox::own_namespaces();
  if (!own) return tl::make_unexpected(own.error());
  const std::string shared = sandbox::shared_namespaces(*own, std::string(outside));
  if (!shared.empty()) return base::make_error("run in namespaces of its own: nsjail has left " + shared);
  return {};
}

[[noreturn]] void become_cell(runner::Interpreter& interpreter, const sandbox::JailSpec& spec,
                              const sandbox::CellFilter& filter, bool primed) {
  runner::CellDescriptors descriptors;
  descriptors.channel = base::Fd(protocol::kJailChannel);
  descriptors.out = base::Fd(protocol::kJailOut);
  descriptors.err = base::Fd(protocol::kJailErr);
  descriptors.primed = primed;
  descriptors.seal = &sandbox::seal_cell_in_jail;
  if (filter.listening != sandbox::Listening::kNone)
    descriptors.supervisor = base::Fd(protocol::kJailSupervisor);
  runner::run_cell(interpreter, std::move(descriptors), filter, spec);
}

// What is left of this process only waits. It has no capability since nsjail has taken them.
sandbox::StepResult seal_this(const std::vector<sock_filter>& program) {
  // The script's memory of nothing: same user, so only this keeps it from looking in.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return step_failed(Step::kInitSeal);
  if (auto done = sandbox::set_no_new_privs(); !done) return done;
  return sandbox::load_seccomp(program, Step::kInitSeal);
}

// Orphans of the script are reaped on the way.
int wait_for(pid_t interpreter, int line) {
  for (;;) {
    int status = 0;
    rusage used{};
    const pid_t pid = ::wait4(-1, &status, 0, &used);
    if (pid < 0 && errno != EINTR) return kExitFailed;
    if (pid != interpreter) continue;
    ControlMessage message;
    message.kind = ControlKind::kReaped;
    message.code = status;
    for (const timeval& time : {used.ru_utime, used.ru_stime}) {
      message.cpu_us +=
          static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
    }
    return protocol::send_control(line, message) ? 0 : kExitFailed;
  }
}

}  // namespace

int live_in_jail() {
  // Else the kernel names it after the descriptor that it was started from.
  ::prctl(PR_SET_NAME, "cellblock-init", 0, 0, 0);
  const base::Fd line(protocol::kJailLine);
  // Whoever has this can end everything in here, at any time.
  const base::Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self.valid())
    return give_up(line.get(), base::errno_error("open a pidfd of this process").value().message());
  ControlMessage here;
  here.kind = ControlKind::kSpawned;
  const std::array<int, 1> with{self.get()};
  if (!protocol::send_control(line.get(), here, with)) return kExitFailed;
  // End of file: nobody wants this jail any more.
  const auto order = protocol::receive_control(line.get());
  if (!order || !*order || (*order)->message.kind != ControlKind::kFork) return 0;
  if (auto own = see_that_all_namespaces_are_own((*order)->message.text_view()); !own)
    return give_up(line.get(), own.error().message());
  const auto text = base::read_file(AT_FDCWD, "/proc/self/fd/" + std::to_string(protocol::kJailSpec));
  ::close(protocol::kJailSpec);
  const auto spec = text ? sandbox::jail_spec_from_json(*text) : tl::make_unexpected(text.error());
  if (!spec) return give_up(line.get(), spec.error().message());
  const bool explained = spec->listening != sandbox::Listening::kNone;
  auto program =
      sandbox::cell_program(*spec, explained ? sandbox::Refusing::kByNotice : sandbox::Refusing::kByErrno);
  const auto own_program = sandbox::cell_program(*spec, sandbox::Refusing::kByErrno);
  if (!program || !own_program) return give_up(line.get(), "compile the seccomp policy");
  const sandbox::CellFilter filter{std::move(*program), spec->listening};
  // Where objects lie matters to those who share a zygote's pages.
  const auto heap = heap::PythonHeap::placing({});
  const auto interpreter = runner::Interpreter::start(
      spec->preload.empty() ? std::vector<std::string>{} : spec->preload.front(), *heap);
  if (!interpreter) return give_up(line.get(), interpreter.error().message());
  // Nobody asks a second time, and finding out takes a while.
  const bool trial = (*order)->message.cell == 0;
  if (!tell(line.get(), ControlKind::kZygoteUp, trial ? (*interpreter)->versions_json() : ""))
    return kExitFailed;
  const pid_t pid = (*interpreter)->fork();
  if (pid == 0) become_cell(**interpreter, *spec, filter, (*order)->message.unprimed == 0);
  if (pid < 0) return give_up(line.get(), base::errno_error("fork the interpreter").value().message());
  // All but the line: the server waits for the ends of what the cell has.
  if (::syscall(SYS_close_range, protocol::kJailLine + 1, ~0U, 0) != 0) return kExitFailed;
  if (auto sealed = seal_this(*own_program); !sealed)
    return give_up(line.get(), sandbox::describe(sealed.error()));
  if (!tell(line.get(), ControlKind::kForked)) return kExitFailed;
  return wait_for(pid, line.get());
}

}  // namespace cellblock::zygote
