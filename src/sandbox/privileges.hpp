// Giving up privileges for good. Order matters: capabilities last used before drop_capabilities(), and
// no_new_privs before the seccomp filter.
#pragma once

#include <cstdint>

#include "sandbox/step.hpp"

namespace cellblock::sandbox {

// Who has no rights over the host's ids works in a user namespace where this is the only one. Not 0: what may
// not be looked into (PR_SET_DUMPABLE) belongs to the namespace's 0 in /proc, and outside that would be the
// user of all cells. Without a 0 there it belongs to the host's root, whom nobody in here is.
constexpr std::uint32_t kIdInOwnNamespace = 1;

// What is executed has all capabilities that this process has, whatever its uid.
StepResult keep_capabilities();

// Empties all five capability sets and locks the securebits so that uid 0 means nothing any more.
StepResult drop_capabilities();

// Its two halves, for a process that must change its ids in between: after the first nothing can be gained
// any more and a change of ids keeps what is there, after the second nothing is there.
StepResult forbid_capabilities();
StepResult clear_capabilities();

// No exec can ever gain privileges again; also what lets an unprivileged process load a filter.
StepResult set_no_new_privs();

}  // namespace cellblock::sandbox
