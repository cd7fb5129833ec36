// Who answers the refused system calls of a jail: a process outside of it, with nothing but the jail's uid
// and the filter of a cell's first process. In a native cell the first process does this; in a jail of
// nsjail's that one has to wait for the interpreter's process.
#pragma once

#include <sys/types.h>

#include "base/fd.hpp"
#include "sandbox/refusals.hpp"
#include "sandbox/step.hpp"

namespace cellblock::backends::nsjail {

struct Answerer {
  pid_t pid = -1;
  base::Fd pidfd;
};

// `line` is where the jail's seccomp listener comes from; `ledger` is where it keeps account. Both are
// borrowed. Returns once it is sealed.
tl::expected<Answerer, sandbox::StepFailure> start_answerer(const sandbox::Refusals& refusals, uid_t uid,
                                                            int line, int ledger);

}  // namespace cellblock::backends::nsjail
