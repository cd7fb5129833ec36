#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "sandbox/cell_setup.hpp"
#include "sandbox/privileges.hpp"

namespace cellblock::sandbox {
namespace {

// Nothing in here may take a capability away from the bounding set: that needs one. So nsjail must have.
StepResult see_that_nothing_is_left(const JailSpec& spec) {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    const int held = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    // This kernel knows no capability of this number, nor any above.
    if (held < 0) break;
    if (held != 0) return tl::make_unexpected(StepFailure{Step::kCapabilities, EPERM});
  }
  const bool as_script = ::getuid() == spec.inside_uid && ::geteuid() == spec.inside_uid &&
                         ::getgid() == spec.inside_gid && ::getegid() == spec.inside_gid &&
                         ::getgroups(0, nullptr) == 0;
  if (!as_script) return tl::make_unexpected(StepFailure{Step::kIdentity, EPERM});
  return {};
}

}  // namespace

StepResult seal_cell_in_jail(const SealInput& input) {
  if (auto done = enter_limits(input); !done) return done;
  if (::prctl(PR_SET_NAME, "cellblock-cell", 0, 0, 0) != 0) return step_failed(Step::kSession);
  if (auto done = shed_inheritance(input.spec->working_directory); !done) return done;
  if (auto done = set_rlimits(input.rlimits); !done) return done;
  if (auto done = see_that_nothing_is_left(*input.spec); !done) return done;
  // Effective, permitted, inheritable and with them ambient ones: empty already, and empty from here on.
  if (auto done = clear_capabilities(); !done) return done;
  return lock_cell(input);
}

}  // namespace cellblock::sandbox
