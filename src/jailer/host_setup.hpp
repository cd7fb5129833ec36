// What the jailer does to itself before it makes the first cell. Each function is called once, in this order.
#pragma once

#include "base/fd.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

// Drops what the jailer and all its children must not keep of the one who started the server.
sandbox::StepResult detach();

// Gives an ordinary user the right to mount and to make namespaces, in a user namespace of its own. The
// process must exec a program afterwards: until then its memory belongs to the host's user namespace, and
// what is forked from it can't be entered. It has every capability there, without being its root.
sandbox::StepResult rule_own_namespace(const sandbox::JailSpec& spec);

// Into an empty network namespace, one with the cells' host name, and a mount namespace of its own, with the
// zygote's read-only tree as the only thing that is left of the host's files.
sandbox::StepResult move_into_tree(const sandbox::JailSpec& spec);

// On a host without namespaces: makes a directory of the service's own, in which each slot has one, and notes
// it in the specification.
sandbox::StepResult prepare_work_root(sandbox::JailSpec& spec);

// On a host without namespaces: takes the slots' user ids for this service alone, as long as the result is
// open. A cell is ended there by killing all that has its user id, and another service's cells would be among
// them. EADDRINUSE when another service in the same network namespace has taken the same `uid_base`.
tl::expected<base::Fd, sandbox::StepFailure> claim_user_ids(const sandbox::JailSpec& spec);

}  // namespace cellblock::jailer
