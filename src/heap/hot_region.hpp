// The memory in which the objects of a layout lie, each at the place that the layout gives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "heap/layout.hpp"

namespace cellblock::heap {

class HotRegion {
 public:
  // Without memory for it the region is empty.
  explicit HotRegion(const Layout& layout);
  HotRegion(const HotRegion&) = delete;
  HotRegion& operator=(const HotRegion&) = delete;
  // Leaves the memory alone: the interpreter's objects are in it as long as the process lives.
  ~HotRegion() = default;

  // The place of this object, zeroed; null when it has none or is there already. Each place is given out
  // once.
  [[nodiscard]] void* place(std::uint64_t name, std::size_t size);
  [[nodiscard]] bool contains(const void* address) const {
    return static_cast<const char*>(address) - begin_ >= 0 &&
           static_cast<const char*>(address) - begin_ < size_;
  }
  // How many bytes `address`, which place() has returned, has.
  [[nodiscard]] std::size_t size_of(const void* address) const;
  [[nodiscard]] std::size_t placed() const { return placed_; }

 private:
  struct Place {
    std::ptrdiff_t offset;
    std::uint32_t size;
  };

  char* begin_ = nullptr;
  std::ptrdiff_t size_ = 0;
  std::size_t placed_ = 0;
  std::unordered_map<std::uint64_t, Place> free_;
  std::vector<Place> places_;  // by offset
};

}  // namespace cellblock::heap
