// The descriptors that the zygote's program finds open when nsjail has started it, as the first process of a
// jail; and how it talks over the first of them.
//
//   outside ◀─kSpawned── jail      its first process is there; with a pidfd of it
//   outside ──kFork────▶ jail      now; text: the namespaces of outside, none of which may be its own; cell:
//   0 for a trial;
//                                  unprimed: 1 when a job is waiting
//   outside ◀─kZygoteUp─ jail      the interpreter is up; text: of a trial, versions as JSON
//   outside ◀─kForked─── jail      the interpreter's process is there; its frames say the rest
//   outside ◀─kReaped─── jail      it has ended: code, cpu_us. The jail ends with it
//   outside ◀─kZygoteDown─ jail    instead of any of them; text: why
#pragma once

namespace cellblock::protocol {

inline constexpr int kJailLine = 3;
inline constexpr int kJailSpec = 4;  // what a zygote is told as well
inline constexpr int kJailChannel = 5;
inline constexpr int kJailOut = 6;
inline constexpr int kJailErr = 7;
inline constexpr int kJailSupervisor = 8;  // closed when refused calls are not explained

// The argument of the program.
inline constexpr const char* kInJail = "in-jail";

}  // namespace cellblock::protocol
