// Which objects of an interpreter lie side by side, and in which order. Made when the project is built, by a
// program that watches what scripts write to; read by the zygote.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::heap {

struct PlacedObject {
  std::uint64_t name = 0;  // AllocationNames gives it; never 0
  std::uint32_t size = 0;  // bytes; 1 to kLargestPlaced

  bool operator==(const PlacedObject&) const = default;
};

using Layout = std::vector<PlacedObject>;

[[nodiscard]] std::string encode_layout(const Layout& layout);
// Empty for bytes that are no layout: an interpreter then starts without one, which costs time only.
[[nodiscard]] Layout decode_layout(std::string_view bytes);

}  // namespace cellblock::heap
