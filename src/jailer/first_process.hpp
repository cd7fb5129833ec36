// Makes the first process of a cell: a small copy of the jailer in new namespaces of every kind, which
// mounts what the cell needs, gives up everything, and answers the cell's refused system calls until it is
// killed. The interpreter's process joins it later. Killing it kills the cell: it is pid 1 of the cell's pid
// namespace.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "jailer/child_descriptors.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/refusals.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

struct FirstProcess {
  pid_t pid = -1;
  base::Fd pidfd;
  // Tells it that a script has arrived, so that it begins to measure; invalid where a cgroup does.
  base::Fd wake;
  // Becomes readable when the cell is furnished: one sandbox::StepFailure, with Step::kNone for success.
  // End of file without one means that the process died.
  base::Fd report;
  base::Fd ledger;  // its account, for the server
  // For the interpreter's process, which sends its seccomp listener over it; invalid when refused calls are
  // not explained.
  base::Fd supervisor;
  // What it was started with; to be given back once it has reported.
  std::optional<ChildDescriptors::Loan> loan;
};

// `refusals` are those of the cells' seccomp filter; `proc` is a descriptor of the jailer's own /proc;
// `outside_id` is what uid and gid 1000 of the cell are outside. Returns as soon as the process exists and
// its ids are mapped. `low` must outlive the result.
tl::expected<FirstProcess, sandbox::StepFailure> make_first_process(const sandbox::JailSpec& spec,
                                                                    const sandbox::Refusals& refusals,
                                                                    int proc, std::uint32_t outside_id,
                                                                    ChildDescriptors& low);

// Closes all other descriptors: the jailer's (host directories, cgroups, other cells) are none of a cell's
// business.
bool keep_only(std::vector<int> fds);

// The two ends of what wakes a cell's account; nullopt with errno when there is none to be had.
std::optional<std::pair<base::Fd, base::Fd>> make_wake();

}  // namespace cellblock::jailer
