// Starts the zygote as a program of its own: fresh memory, a fixed environment, and no descriptor but its
// control socket and its specification.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

struct ZygoteProcess {
  pid_t pid = -1;
  base::Fd control;
};

// All that a script finds in its environment, NAME=VALUE.
[[nodiscard]] std::vector<std::string> cell_environment(const sandbox::JailSpec& spec);

// `program` is an open descriptor of the executable, since the jailer's tree does not show it.
// The specification goes to the zygote as a file on descriptor 4.
tl::expected<ZygoteProcess, sandbox::StepFailure> start_zygote(int program,
                                                               const sandbox::JailSpec& zygotes_spec);

}  // namespace cellblock::jailer
