#include "heap/hot_region.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace cellblock::heap {
namespace {

// What every allocator of C and of Python keeps.
constexpr std::ptrdiff_t kAlignment = 16;

}  // namespace

HotRegion::HotRegion(const Layout& layout) {
  std::ptrdiff_t offset = 0;
  for (const PlacedObject& object : layout) {
    if (!free_.try_emplace(object.name, Place{offset, object.size}).second) continue;
    places_.push_back({offset, object.size});
    offset += (static_cast<std::ptrdiff_t>(object.size) + kAlignment - 1) / kAlignment * kAlignment;
  }
  if (offset == 0) return;
  void* memory = ::mmap(nullptr, static_cast<std::size_t>(offset), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    free_.clear();
    return;
  }
  begin_ = static_cast<char*>(memory);
  size_ = offset;
}

void* HotRegion::place(std::uint64_t name, std::size_t size) {
  const auto found = free_.find(name);
  if (found == free_.end() || found->second.size != size) return nullptr;
  char* const address = begin_ + found->second.offset;
  free_.erase(found);
  ++placed_;
  return address;
}

std::size_t HotRegion::size_of(const void* address) const {
  const std::ptrdiff_t offset = static_cast<const char*>(address) - begin_;
  const auto found =
      std::lower_bound(places_.begin(), places_.end(), offset,
                       [](const Place& place, std::ptrdiff_t wanted) { return place.offset < wanted; });
  return found != places_.end() && found->offset == offset ? found->size : 0;
}

}  // namespace cellblock::heap
