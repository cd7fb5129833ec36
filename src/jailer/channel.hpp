// The socket between the server and a cell.
#pragma once

#include "base/fd.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

// The server's end and the cell's.
tl::expected<base::FdPair, sandbox::StepFailure> make_channel();

}  // namespace cellblock::jailer
