// Starts the jailer and waits for its first zygotes. Call it before the process has threads and before it
// gives up root.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "sandbox/jail_spec.hpp"

namespace cellblock::backends::native {

struct JailerProcess {
  pid_t pid = -1;
  base::Fd control;           // the server's end
  base::FdPair kill_switch;   // a pipe: a byte in it kills the jailer, also after the change of user id
  std::string versions_json;  // of Python and its libraries: {"python": "3.11.2", …}
};

// The helper programs are looked for beside this program and in ../libexec/cellblock. The error says which
// step of sealing this host refused, or why the zygote could not start.
base::Result<JailerProcess> launch_jailer(const sandbox::JailSpec& spec, std::chrono::milliseconds limit);

// Closes the control socket, on which the jailer ends everything and exits; waits for that. A jailer that
// does not answer, because somebody has stopped it or the kernel holds it, is killed after a while; what it
// leaves of cgroups is removed by the next service.
void end_jailer(JailerProcess& jailer);

}  // namespace cellblock::backends::native
