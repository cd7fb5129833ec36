// The first process of a cell on a host without namespaces: it owns nothing of the cell, but prepares its
// directory, and ends it. It keeps the jailer's rights and never meets a byte that the script wrote.
#pragma once

#include "jailer/first_process.hpp"

namespace cellblock::jailer {

// Ends the cell, clears its directory and exits when `report` is closed, also by the jailer's death.
tl::expected<FirstProcess, sandbox::StepFailure> make_warden(const sandbox::JailSpec& spec,
                                                             std::uint32_t slot);

}  // namespace cellblock::jailer
