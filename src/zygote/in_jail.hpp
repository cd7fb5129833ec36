// The zygote's program as the first process of a jail that nsjail has made: starts the interpreter, forks it
// once, and tells outside how that process ended.
//
//   nsjail ─▶ this (pid 1 of the jail) ─fork─▶ the interpreter's process, sealed like any other cell
//
// It is of the script's user, but not in the script's reach: the kernel keeps signals from a pid 1, and it
// can't be traced or looked into.
#pragma once

namespace cellblock::zygote {

// Returns the process's exit code; with it everything in the jail ends.
int live_in_jail();

}  // namespace cellblock::zygote
