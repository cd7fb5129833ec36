// What holds in the cells of one jail, of the policy that is compiled in: for the filter, and for whoever
// answers the calls that it refuses. Both must come from the same rules, or a call would be refused for
// another's reason.
#pragma once

#include "base/error.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/refusals.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::sandbox {

base::Result<BpfProgram> cell_program(const JailSpec& spec, Refusing refusing);
base::Result<Refusals> cell_refusals(const JailSpec& spec);

}  // namespace cellblock::sandbox
