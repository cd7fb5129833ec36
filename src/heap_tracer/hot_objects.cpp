#include "heap_tracer/hot_objects.hpp"

#include <unordered_set>

namespace cellblock::heap_tracer {

heap::Layout hot_objects(const std::vector<std::uintptr_t>& writes, const heap::LiveObjects& live) {
  heap::Layout layout;
  std::unordered_set<std::uintptr_t> seen;
  for (const std::uintptr_t write : writes) {
    auto found = live.upper_bound(write);
    if (found == live.begin()) continue;
    --found;
    if (write - found->first < found->second.size && seen.insert(found->first).second) {
      layout.push_back(found->second);
    }
  }
  return layout;
}

}  // namespace cellblock::heap_tracer
