// Makes the first process of a cell: a small copy of the jailer in new namespaces of every kind, which
// mounts what the cell needs, gives up everything and waits to be killed. The interpreter's process joins
// it later. Killing it kills the cell: it is pid 1 of the cell's pid namespace.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/fd.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

struct FirstProcess {
  pid_t pid = -1;
  base::Fd pidfd;
  // Becomes readable when the cell is furnished: one sandbox::StepFailure, with Step::kNone for success.
  // End of file without one means that the process died.
  base::Fd report;
};

// `proc` is a descriptor of the jailer's own /proc; `outside_id` is what uid and gid 1000 of the cell are
// outside. Returns as soon as the process exists and its ids are mapped.
tl::expected<FirstProcess, sandbox::StepFailure> make_first_process(const sandbox::JailSpec& spec, int proc,
                                                                    std::uint32_t outside_id);

// Closes every descriptor but one, which none of the cell's processes may inherit.
bool keep_only(int fd);

}  // namespace cellblock::jailer
