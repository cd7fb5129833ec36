// The zygote's program where no script can change it.
#pragma once

#include <tl/expected.hpp>

#include "base/fd.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

// A copy of `program`, readable by its owner only, on a read-only mount that nothing else is on and that no
// path leads to. Every script can name it, as /proc/self/exe; where cells have no user id of their own they
// own it, and could change its mode for all who come later. To be called inside the read-only tree.
tl::expected<base::Fd, sandbox::StepFailure> out_of_reach(base::Fd program);

}  // namespace cellblock::jailer
