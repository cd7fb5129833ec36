// Giving up privileges for good. Order matters: capabilities last used before drop_capabilities(), and
// no_new_privs before the seccomp filter.
#pragma once

#include "sandbox/step.hpp"

namespace cellblock::sandbox {

// Empties all five capability sets and locks the securebits so that uid 0 means nothing any more.
StepResult drop_capabilities();

// Its two halves, for a process that must change its ids in between: after the first nothing can be gained
// any more and a change of ids keeps what is there, after the second nothing is there.
StepResult forbid_capabilities();
StepResult clear_capabilities();

// No exec can ever gain privileges again; also what lets an unprivileged process load a filter.
StepResult set_no_new_privs();

}  // namespace cellblock::sandbox
