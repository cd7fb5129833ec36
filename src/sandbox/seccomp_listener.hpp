// A seccomp filter with a listener: the kernel holds a refused call until another process, which has the
// listener, says what it returns.
//
//   interpreter's process                         first process
//     load_listening ─▶ listener ──SCM_RIGHTS──▶ receive_descriptor ─▶ supervise (sandbox/supervise.hpp)
//     closes its own
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>

#include "base/fd.hpp"
#include "sandbox/step.hpp"

namespace cellblock::sandbox {

// Whether this host's refused calls can be explained; found out by trying, once at the start.
enum class Listening : std::uint8_t {
  kNone,     // the kernel can't, or an outer container listens already: the filter refuses by itself
  kPlain,    // a signal may interrupt a call that is being answered, which is then made again
  kKillable  // only one that kills may: Linux 5.19
};

// Like load_seccomp; the filter may use SECCOMP_RET_USER_NOTIF. `listening` must not be kNone.
tl::expected<base::Fd, StepFailure> load_listening(std::span<const sock_filter> program, Listening listening);

// Sends the listener over one end of a socket pair; needs nothing that a cell's filter refuses.
StepResult hand_over_listener(int line, int listener);

// In a process that may end afterwards: the best that this host offers.
[[nodiscard]] Listening try_listening();

}  // namespace cellblock::sandbox
