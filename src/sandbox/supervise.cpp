#include "sandbox/supervise.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>
#include <utility>

#include "sandbox/pass_descriptor.hpp"

namespace cellblock::sandbox {
namespace {

constexpr timespec kDelay{0, 10'000'000};
constexpr timespec kLockDelay{0, 1'000'000};

// What the filter below lets through; each by number, with the reason.
constexpr std::array<unsigned, 7> kCalls = {{
    SYS_recvmsg,          // the listener arrives
    SYS_close,            // the line, afterwards
    SYS_poll,             // tells whether anybody is left to listen to
    SYS_clock_nanosleep,  // slows a script down that hammers
    SYS_pause,            // nobody is left, or there is no listener: waits to be killed
    SYS_exit_group,       // no listener came: takes the cell down
    SYS_restart_syscall   // after being stopped and continued in a wait
}};

constexpr unsigned kReceive = SECCOMP_IOCTL_NOTIF_RECV;
constexpr unsigned kSend = SECCOMP_IOCTL_NOTIF_SEND;

constexpr sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}
constexpr sock_filter equal(unsigned value, std::size_t when_true, std::size_t when_false) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, static_cast<unsigned char>(when_true),
                  static_cast<unsigned char>(when_false));
}

// What a watch needs besides: it reads /proc and the places of the script's files.
constexpr std::array<unsigned, 19> kWatchCalls = {{
    SYS_recvmsg,
    SYS_close,
    SYS_poll,
    SYS_clock_nanosleep,
    SYS_pause,
    SYS_exit_group,
    SYS_restart_syscall,
    SYS_read,        // the wake-up, and files of /proc
    SYS_openat,      // of them
    SYS_getdents64,  // their names
    SYS_newfstatat,
    SYS_fstat,
    SYS_fcntl,   // what opening a directory asks
    SYS_statfs,  // how full a file system of the cell is
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,         // memory for the texts that are read
    SYS_clock_gettime,  // where the kernel's own page does not tell
}};

constexpr std::size_t kHead = 4;  // architecture, number, ioctl

template <std::size_t Count>
constexpr auto make_filter(const std::array<unsigned, Count>& calls) {
  constexpr std::size_t kKill = kHead + Count + 3;  // behind the calls and ioctl's command
  constexpr std::size_t kAllow = kKill + 1;
  std::array<sock_filter, kAllow + 1> filter{};
  filter[0] = load(offsetof(seccomp_data, arch));
  filter[1] = equal(AUDIT_ARCH_X86_64, 0, kKill - 2);
  filter[2] = load(offsetof(seccomp_data, nr));
  // ioctl: on to its command, behind the list.
  filter[3] = equal(SYS_ioctl, calls.size(), 0);
  for (std::size_t index = 0; index < calls.size(); ++index) {
    const std::size_t at = kHead + index;
    const bool last = index + 1 == calls.size();
    filter[at] = equal(calls[index], kAllow - at - 1, last ? kKill - at - 1 : 0);
  }
  // The two commands of a listener; the kernel looks at the lower half only.
  constexpr std::size_t kCommand = kHead + Count;
  filter[kCommand] = load(offsetof(seccomp_data, args) + sizeof(std::uint64_t));
  filter[kCommand + 1] = equal(kReceive, kAllow - kCommand - 2, 0);
  filter[kCommand + 2] = equal(kSend, kAllow - kCommand - 3, 0);
  filter[kKill] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  filter[kAllow] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return filter;
}

constexpr auto kFilter = make_filter(kCalls);
constexpr auto kWatchFilter = make_filter(kWatchCalls);

std::array<std::uint64_t, 6> arguments_of(const seccomp_data& call) {
  std::array<std::uint64_t, 6> arguments{};
  std::copy(std::begin(call.args), std::end(call.args), arguments.begin());
  return arguments;
}

// Since Linux 6.11 a receiver is woken when the last process under the filter has ended.
bool nobody_is_left(int listener) {
  pollfd watched{listener, 0, 0};
  return ::poll(&watched, 1, 0) == 1 && (watched.revents & POLLHUP) != 0;
}

// Keeps account meanwhile. Whether there is something at the listener.
bool wait_for_call(int listener, CellWatch& watch) {
  std::array<pollfd, 2> watched = {{{watch.wake(), POLLIN, 0}, {listener, POLLIN, 0}}};
  if (::poll(watched.data(), watched.size(), watch.wait_ms()) > 0 && watched[0].revents != 0) watch.start();
  // With this process ends the cell.
  if (!watch.look_if_due()) ::_exit(1);
  return watched[1].revents != 0;
}

void answer(int listener, const seccomp_notif& call, const Verdict& verdict, CellLedger& ledger) {
  const bool reported = verdict.kind == Verdict::Kind::kReported;
  // Before the answer: the script's own answer may follow at once, and the server then looks here.
  if (reported) ledger.add_refusal(verdict.counter);
  seccomp_notif_resp response{};
  response.id = call.id;
  if (verdict.kind == Verdict::Kind::kCounted) {
    // Nothing that the script may change meanwhile was looked at.
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else {
    // A call of which the rules say that the filter has let it through is refused nonetheless.
    response.error = -(verdict.error != 0 ? verdict.error : EPERM);
  }
  // The caller may have been killed, or interrupted by a signal and about to call again.
  bool sent = ::ioctl(listener, kSend, &response) == 0;
  if (!sent && errno == EINVAL && response.flags != 0) {
    // Before Linux 5.5 no call can be let through from here.
    response.flags = 0;
    response.error = -ENOLCK;
    sent = ::ioctl(listener, kSend, &response) == 0;
  }
  if (!sent && reported) ledger.take_back_refusal(verdict.counter);
}

}  // namespace

std::span<const sock_filter> supervisor_filter(bool watching) {
  if (watching) return kWatchFilter;
  return kFilter;
}

void keep_watch(std::unique_ptr<CellWatch> watch) {
  while (watch) wait_for_call(-1, *watch);
  for (;;) ::pause();
}

void supervise(base::Fd line, CellLedger& ledger, const Refusals& refusals,
               std::unique_ptr<CellWatch> watch) {
  const base::Fd listener = receive_descriptor(line.get());
  // A cell whose refused calls nobody answers would hang at the first.
  if (!listener.valid()) ::_exit(1);
  line.reset();
  std::uint64_t locks = 0;
  for (std::uint64_t looks = 0;; ++looks) {
    if (looks >= kPromptLooks) ::clock_nanosleep(CLOCK_MONOTONIC, 0, &kDelay, nullptr);
    if (watch && !wait_for_call(listener.get(), *watch)) continue;
    // New each time: the kernel wants it zeroed.
    seccomp_notif call{};
    if (::ioctl(listener.get(), kReceive, &call) == 0) {
      const Verdict verdict = refusals.judge(call.data.nr, arguments_of(call.data));
      if (verdict.kind == Verdict::Kind::kCounted) {
        --looks;
        if (++locks > kPromptLocks) ::clock_nanosleep(CLOCK_MONOTONIC, 0, &kLockDelay, nullptr);
      }
      answer(listener.get(), call, verdict, ledger);
      continue;
    }
    // ENOENT: the caller was killed meanwhile.
    if (errno != EINTR && (errno != ENOENT || nobody_is_left(listener.get()))) break;
  }
  keep_watch(std::move(watch));
}

}  // namespace cellblock::sandbox
