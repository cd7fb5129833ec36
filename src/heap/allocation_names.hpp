// Names for what an interpreter allocates while it starts, the same in each start: the part of the start (a
// module that is run or imported), the size, and how many of that size the part has asked for before.
// Addresses differ from start to start; this order hardly does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace cellblock::heap {

// Larger ones fill pages of their own anyway.
inline constexpr std::size_t kLargestPlaced = 2048;

class AllocationNames {
 public:
  // The next allocations belong to `part`. The same part may come again and is another one then.
  void begin(std::string_view part);
  // The name of an allocation of `size` bytes that is made at this moment; 0 for one that is never placed.
  std::uint64_t next(std::size_t size);

 private:
  std::uint64_t part_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> times_;
  std::array<std::uint32_t, kLargestPlaced + 1> counts_{};
};

}  // namespace cellblock::heap
