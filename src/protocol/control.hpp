// Messages between the server, the jailer and the zygote: fixed-size structs over a SOCK_STREAM socket, with
// descriptors as SCM_RIGHTS. All three are the same build on the same machine, so the struct itself is the
// encoding. Not SOCK_SEQPACKET: that blocks a sender as soon as ten messages wait
// (net.unix.max_dgram_qlen), and two such senders facing each other block for ever.
//
//   server ──kSpawn──▶ jailer ──kFork──▶ zygote          a new cell; descriptors: stdout, stderr; for the
//   zygote
//                                                        first its channel, then the first process's pidfd,
//                                                        its supervisor line if there is one, the slot's
//                                                        cgroup.procs files
//   server ◀─kSpawned─ jailer ◀─kForked─ zygote          it lives; descriptors: channel, ledger, the slot's
//                                                        usage files
//   server ──kLimit──▶ jailer                             other cgroup limits; answered by kLimited
//   server ──kKill──▶  jailer                             end it, whatever it does
//                      jailer ◀─kReaped─ zygote           how the interpreter's process ended
//   server ◀─kGone───  jailer                             nothing of it is left; its slot is free again
//   server ──kRenew──▶ jailer                             start another zygote for a pool, beside the one it
//   has server ◀─kRenewed─ jailer                             it has taken over: cells that are asked for
//   from now on
//                                                         are its; or why not
//   server ◀─kZygoteUp / kZygoteDown─ jailer ◀─kZygoteUp─ zygote
//
// There is a zygote for each pool of cells. The jailer speaks first (kZygoteUp or kFatal). End of file on a
// socket means that the other side is dead: the jailer then ends everything and exits, the zygote exits, the
// server reports a fatal error.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace cellblock::protocol {

enum class ControlKind : std::uint32_t {
  kSpawn = 1,
  kFork,
  kForked,
  kSpawned,
  kSpawnFailed,  // step, code: what failed while the cell was being made
  kLimit,        // memory_bytes, processes
  kLimited,      // code: 0 or the errno of the refused write
  kKill,
  kReaped,
  kGone,
  kZygoteUp,    // text: versions, as JSON
  kZygoteDown,  // text: why; each of its cells is lost and gets its own kGone
  kFatal,       // step, code, text: this host can't seal, or the service can't go on
  kRenew,
  kRenewed,  // code: 0, or 1 with the reason as text
};

struct ControlMessage {
  ControlKind kind{};
  std::uint32_t step = 0;  // sandbox::Step
  std::int32_t code = 0;   // errno, or for kReaped / kGone the wait status as waitpid gives it
  std::int32_t pid = 0;    // of the interpreter's process, in the sender's pid namespace
  std::uint64_t cell = 0;
  std::uint64_t memory_bytes = 0;  // kLimit: the limit; kGone: the peak
  std::uint64_t processes = 0;     // kLimit
  std::uint64_t cpu_us = 0;        // kReaped, kGone: user + system time of the interpreter's process
  std::uint64_t cell_cpu_us = 0;   // kGone: what the slot's CPU time file said last
  std::uint32_t oom_kills = 0;     // kGone: how often the OOM killer struck in this cell
  std::uint32_t lost = 0;          // kGone: 1 when the zygote died under the cell
  std::uint32_t slot = 0;          // kFork
  std::uint32_t supervised = 0;    // kFork: 1 when a supervisor line is among the descriptors
  std::uint32_t unprimed = 0;      // kSpawn, kFork: 1 when a job is waiting for the cell
  std::uint32_t pool = 0;          // kSpawn, kZygoteUp, kZygoteDown, kRenew, kRenewed: whose zygote
  std::uint32_t namespaces_us =
      0;                          // kSpawned: how long its making took: until the first process was in them,
  std::uint32_t mounts_us = 0;    // until that had furnished and sealed itself,
  std::uint32_t fork_us = 0;      // until the zygote had forked
  std::uint32_t teardown_us = 0;  // kGone: from the first step of its end to this message
  std::array<char, 512> text{};   // NUL-terminated

  void set_text(std::string_view value);
  [[nodiscard]] std::string_view text_view() const;
};

// A message about one cell, with all else at its default.
[[nodiscard]] inline ControlMessage about(ControlKind kind, std::uint64_t cell) {
  ControlMessage message;
  message.kind = kind;
  message.cell = cell;
  return message;
}

// At most this many descriptors travel with one message.
inline constexpr std::size_t kMaxFds = 16;

struct Received {
  ControlMessage message;
  std::vector<base::Fd> fds;
};

// Sends one message; the descriptors are borrowed and duplicated by the kernel. A message is sent whole or
// not at all: on a non-blocking socket with no room the Error has code EAGAIN.
base::Result<void> send_control(int socket, const ControlMessage& message, std::span<const int> fds = {});

// Receives one message. nullopt at end of file; an Error with code EAGAIN when a non-blocking socket has
// nothing. A message that is cut short is an error: the two sides are not the same build. Descriptors for
// which this process has no room are missing from `fds`; look at their number before using them.
base::Result<std::optional<Received>> receive_control(int socket);

}  // namespace cellblock::protocol
