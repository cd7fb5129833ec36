#include "sandbox/seccomp_listener.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "sandbox/pass_descriptor.hpp"
#include "sandbox/privileges.hpp"

namespace cellblock::sandbox {
namespace {

// The kernel's structs may grow; the supervisor's are those of this build.
bool sizes_are_known() {
  seccomp_notif_sizes sizes{};
  return ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0 &&
         sizes.seccomp_notif == sizeof(seccomp_notif) &&
         sizes.seccomp_notif_resp == sizeof(seccomp_notif_resp) && sizes.seccomp_data == sizeof(seccomp_data);
}

}  // namespace

tl::expected<base::Fd, StepFailure> load_listening(std::span<const sock_filter> program,
                                                   Listening listening) {
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if (listening == Listening::kKillable) flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  // The kernel's struct has no const, but only reads.
  const sock_fprog filter{
      static_cast<unsigned short>(program.size()),
      const_cast<sock_filter*>(program.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  base::Fd listener(static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter)));
  if (!listener.valid()) return step_failed(Step::kSeccomp);
  return listener;
}

StepResult hand_over_listener(int line, int listener) {
  // One byte into an empty socket: sent, or the other side is dead.
  if (!pass_descriptor(line, listener)) return step_failed(Step::kListener);
  return {};
}

Listening try_listening() {
  static constexpr std::array<sock_filter, 1> kAllow = {{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  if (!sizes_are_known() || !set_no_new_privs()) return Listening::kNone;
  // The better one first: a second listener for one process is refused.
  for (const Listening listening : {Listening::kKillable, Listening::kPlain}) {
    if (load_listening(kAllow, listening)) return listening;
  }
  return Listening::kNone;
}

}  // namespace cellblock::sandbox
