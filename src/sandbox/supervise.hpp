// The cell's first process as the supervisor of its refused system calls.
#pragma once

#include <linux/filter.h>

#include <memory>
#include <span>

#include "sandbox/cell_ledger.hpp"
#include "sandbox/cell_watch.hpp"
#include "sandbox/refusals.hpp"

namespace cellblock::sandbox {

// From so many looks at the listener on, each waits a little: the supervisor's CPU time is not the cell's, so
// a script that hammers a wall must slow itself down. Looks and not answers, since calls that a signal takes
// back cost as much.
inline constexpr std::uint64_t kPromptLooks = 4096;
// From so many counted calls on, each waits a millisecond. They are locks: the kernel's records of them are
// charged to nobody, and a script that takes them as fast as it can has some tens of thousands in its time.
inline constexpr std::uint64_t kPromptLocks = 16384;

// All that supervise() may do once the first process has sealed itself, with a watch or without.
[[nodiscard]] std::span<const sock_filter> supervisor_filter(bool watching);

// Waits on `line` for the listener, then answers each refused call with its errno and counts it, until the
// process is killed and with it the cell. A line without a listener ends the process and the cell.
[[noreturn]] void supervise(base::Fd line, CellLedger& ledger, const Refusals& refusals,
                            std::unique_ptr<CellWatch> watch);

// The same where refused calls come to nobody.
[[noreturn]] void keep_watch(std::unique_ptr<CellWatch> watch);

}  // namespace cellblock::sandbox
