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
  const JailSpec* spec = nullptr;
  std::uint32_t slot = 0;
  int first_process = -1;         // pidfd of the cell's first process
  std::vector<int> cgroup_procs;  // of the slot
  int supervisor = -1;            // where the filter's listener goes; unused when nobody listens
  CellRlimits rlimits;
  const CellFilter* filter = nullptr;
};

// In the interpreter's process, right after the fork: joins the cell and gives up everything, in an order
// in which each step still may do what it needs. On an error the caller reports it and dies.
StepResult seal_cell(const SealInput& input);

// The same where the host allows no namespaces: the slot's own uid, its directory, and what Landlock shows of
// the host's files.
StepResult seal_cell_on_host(const SealInput& input);

// The same for a cell that nsjail has put into its namespaces: what is left to give up, after a look at what
// nsjail was to take.
StepResult seal_cell_in_jail(const SealInput& input);

// One of these three.
using Seal = StepResult (*)(const SealInput& input);

// The end of sealing, in a cell with namespaces: no_new_privs, Landlock and the filter, after which hardly
// any other step would work.
StepResult lock_cell(const SealInput& input);

// The directory that a cell without namespaces may write to.
[[nodiscard]] std::string slot_directory(const JailSpec& spec, std::uint32_t slot);

// Steps that both ways of sealing share: cgroups and OOM score, before the process loses the rights for them;
// and what a process inherits besides descriptors and is easily forgotten.
StepResult enter_limits(const SealInput& input);
StepResult shed_inheritance(const std::string& directory);

// What the first process keeps for the time after its sealing.
struct Supervision {
  base::Fd line;  // the listener comes over it; invalid when refused calls are not explained
  CellLedger* ledger = nullptr;
  const Refusals* refusals = nullptr;
  base::Fd wake;  // readable when a script has arrived; invalid where a cgroup counts what it uses
  std::vector<std::string> writable;  // places in memory; with a wake, what is in them counts as the script's
};

// For the first process once it has nothing more to set up: no capabilities, and a filter that leaves it
// nothing but waiting and answering refused calls. Never returns on success; it lives until it is killed and
// with it the cell.
StepResult seal_first_process(int report, Supervision supervision);

}  // namespace cellblock::sandbox
