// The life of the interpreter's process in a cell: seal, prime, take one script, answer, end.
#pragma once

#include <vector>

#include "base/fd.hpp"
#include "runner/interpreter.hpp"
#include "sandbox/cell_setup.hpp"
#include "sandbox/jail_spec.hpp"

namespace cellblock::runner {

struct CellDescriptors {
  base::Fd channel;        // frames to and from the server
  base::Fd out;            // the script's standard output
  base::Fd err;            // the script's standard error
  base::Fd first_process;  // pidfd of the cell's first process; invalid where the cell need not be joined
  sandbox::Seal seal = &sandbox::seal_cell;
  std::uint32_t slot = 0;
  bool primed = true;   // whether to get its pages ready before it says that it is
  base::Fd supervisor;  // takes the seccomp listener to it; invalid when nobody listens
  std::vector<base::Fd> cgroup_procs;
};

// Called in the forked child. Closes every descriptor that is not its own, and never returns: the process
// ends with 0 after its answer, with 70 when it could not be sealed or its channel is gone.
[[noreturn]] void run_cell(Interpreter& interpreter, CellDescriptors descriptors,
                           const sandbox::CellFilter& filter, const sandbox::JailSpec& spec);

}  // namespace cellblock::runner
