// From the addresses that were written to, the layout of the objects that they belong to.
#pragma once

#include <cstdint>
#include <vector>

#include "heap/layout.hpp"
#include "heap/python_heap.hpp"

namespace cellblock::heap_tracer {

// In the order of the first writes: what short scripts need comes first if they were traced first.
[[nodiscard]] heap::Layout hot_objects(const std::vector<std::uintptr_t>& writes,
                                       const heap::LiveObjects& live);

}  // namespace cellblock::heap_tracer
