#include "jailer/sweeper.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <utility>

#include "jailer/first_process.hpp"
#include "sandbox/pass_descriptor.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/seccomp_load.hpp"

namespace cellblock::jailer {
namespace {

using sandbox::Step;
using sandbox::StepResult;

// Behind requests that are being served; not so far that it holds a lock of the kernel's for long.
constexpr int kNice = 10;
// Of each message, either way: a descriptor travels with a byte, and an answer says which one is done by its
// place.
constexpr char kDone = 'd';

// It holds descriptors of files that a cell has filled, and nothing else.
constexpr std::array<sock_filter, 10> kFilter = {{
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 6),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvmsg, 5, 0),     // the next one
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 4, 0),       // it has to be closed to be removed
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),       // empties it, and answers
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),  // the jailer has ended
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
}};

StepResult seal() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return sandbox::step_failed(Step::kInitSeal);
  if (::prctl(PR_SET_NAME, "cellblock-sweep", 0, 0, 0) != 0) return sandbox::step_failed(Step::kInitSeal);
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return sandbox::step_failed(Step::kInitSeal);
  if (::setpriority(PRIO_PROCESS, 0, kNice) != 0) return sandbox::step_failed(Step::kInitSeal);
  if (auto done = sandbox::drop_capabilities(); !done) return done;
  if (auto done = sandbox::set_no_new_privs(); !done) return done;
  return sandbox::load_seccomp(kFilter, Step::kInitSeal);
}

[[noreturn]] void live(int line) {
  int code = keep_only({line}) ? 0 : errno;
  if (code == 0) {
    if (auto sealed = seal(); !sealed) code = sealed.error().code;
  }
  const char report = static_cast<char>(code);
  if (::write(line, &report, 1) != 1 || code != 0) ::_exit(1);
  for (;;) {
    base::Fd emptier = sandbox::receive_descriptor(line);
    // End of file: the jailer has ended.
    if (!emptier.valid()) ::_exit(0);
    // Whatever comes of it: what is left then is taken back when the kernel needs the memory.
    [[maybe_unused]] const ssize_t emptied = ::write(emptier.get(), "0", 1);
    emptier.reset();
    if (::write(line, &kDone, 1) != 1) ::_exit(1);
  }
}

}  // namespace

base::Result<std::unique_ptr<Sweeper>> Sweeper::start() {
  auto line = base::make_socketpair(SOCK_STREAM);
  if (!line) return tl::make_unexpected(line.error());
  const pid_t pid = ::fork();
  if (pid < 0) return base::errno_error("start the sweeper of cgroups");
  if (pid == 0) live(line->second.get());
  line->second.reset();
  // Sound after the fork: nobody has reaped a child yet, so the pid is still this one's.
  base::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::unique_ptr<Sweeper> sweeper(new Sweeper(std::move(line->first), std::move(process)));
  if (!sweeper->process_.valid()) return base::errno_error("start the sweeper of cgroups");
  char report = 0;
  const ssize_t count = ::read(sweeper->answers(), &report, 1);
  if (count != 1 || report != 0) {
    errno = count == 1 ? report : ECHILD;
    return base::errno_error("seal the sweeper of cgroups");
  }
  return sweeper;
}

Sweeper::~Sweeper() {
  end_process();
}

void Sweeper::sweep(std::unique_ptr<sandbox::CgroupRemains> remains) {
  // A message each, which the socket has room for.
  if (!line_.valid() || waiting_.size() >= kMostWaiting) return;
  if (!sandbox::pass_descriptor(line_.get(), remains->emptier())) return;
  waiting_.push_back(std::move(remains));
}

void Sweeper::on_answers() {
  std::array<char, kMostWaiting> done{};
  const ssize_t count = ::recv(line_.get(), done.data(), done.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  for (ssize_t index = 0; index < count && !waiting_.empty(); ++index) waiting_.pop_front();
  // It has ended: the directories can be removed, and all that follow are.
  if (count <= 0) end_process();
}

void Sweeper::end_process() {
  line_.reset();
  if (process_.valid()) {
    ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
    siginfo_t info{};
    // Until it writes no more. The jailer's loop may have reaped it.
    ::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED);
    process_.reset();
  }
  waiting_.clear();
}

}  // namespace cellblock::jailer
