// Which memory a piece of work writes to, found by write-protecting it and stepping over each write in turn.
// For x86-64, and for a program that is run while the project is built: it takes a signal or two for each
// write.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "base/error.hpp"

namespace cellblock::heap_tracer {

struct MemoryRange {
  std::uintptr_t begin = 0;  // both on page borders
  std::uintptr_t end = 0;
};

// The private, writable and unnamed memory of this process, and its heap, as far as some of `inside` lies
// there: the kernel itself writes to some of the rest, such as the thread's own area.
base::Result<std::vector<MemoryRange>> writable_ranges_with(const std::set<std::uintptr_t>& inside);

// Runs `prepare` and then `work` in a child, and returns the addresses that `work` wrote to, in the order of
// the first writes, one for each eight bytes. `work` must not have the kernel write into `ranges` (read(2)
// into a buffer there fails with EFAULT). Both tell by their values whether they went well. The process must
// have a single thread.
base::Result<std::vector<std::uintptr_t>> trace_writes(const std::vector<MemoryRange>& ranges,
                                                       const std::function<bool()>& prepare,
                                                       const std::function<bool()>& work);

}  // namespace cellblock::heap_tracer
