// The two halves of making a cell: the first process, which owns the namespaces and mounts, and the
// sealing of the interpreter's process that joins it.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/cell_ledger.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/refusals.hpp"
#include "sandbox/rlimits.hpp"
#include "sandbox/seccomp_listener.hpp"
#include "sandbox/step.hpp"

namespace cellblock::sandbox {

// In the first process of a cell, cloned into new namespaces with its ids mapped: takes on the cell's ids,
// mounts /tmp, /dev/shm and /proc, and names the host. Still privileged inside afterwards.
StepResult furnish_cell(const JailSpec& spec);

// The compiled seccomp policy, and who answers for what it refuses.
struct CellFilter {
  std::vector<sock_filter> program;
  Listening listening = Listening::kNone;
};

// What the interpreter's process brings to its sealing. All descriptors are borrowed.
struct SealInput {
  int first_process = -1;         // pidfd of the cell's first process
  std::vector<int> cgroup_procs;  // of the slot
  int supervisor = -1;            // where the filter's listener goes; unused when nobody listens
  CellRlimits rlimits;
  const CellFilter* filter = nullptr;
};

// In the interpreter's process, right after the fork: joins the cell and gives up everything, in an order
// in which each step still may do what it needs. On an error the caller reports it and dies.
StepResult seal_cell(const SealInput& input);

// What the first process keeps for the time after its sealing.
struct Supervision {
  base::Fd line;  // the listener comes over it; invalid when refused calls are not explained
  CellLedger* ledger = nullptr;
  const Refusals* refusals = nullptr;
};

// For the first process once it has nothing more to set up: no capabilities, and a filter that leaves it
// nothing but waiting and answering refused calls. Never returns on success; it lives until it is killed and
// with it the cell.
StepResult seal_first_process(int report, Supervision supervision);

}  // namespace cellblock::sandbox
