// Ending the processes of a cell that has no pid namespace.
#pragma once

#include <sys/types.h>

namespace cellblock::jailer {

// Sends SIGKILL to every process of a uid that only one cell uses: in a child that has taken on the uid for
// good and lost every capability, by a single call, which no fork can outrun. True while any is left.
// The caller must be privileged; the uid must not be 0.
bool kill_uid(uid_t uid);

// The weaker way for cells that share the service's uid: the processes of the session that the interpreter
// has made, one by one. What has left the session escapes. True while any is left.
bool kill_session(pid_t leader);

}  // namespace cellblock::jailer
