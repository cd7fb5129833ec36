// Loads compiled seccomp filters into the calling thread.
#pragma once

#include <linux/filter.h>

#include <span>

#include "sandbox/step.hpp"

namespace cellblock::sandbox {

// The filter holds for this thread and all it starts; it can never be taken off. Needs no_new_privs.
StepResult load_seccomp(std::span<const sock_filter> program, Step step = Step::kSeccomp);

}  // namespace cellblock::sandbox
