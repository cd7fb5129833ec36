#include "heap/layout.hpp"

#include <cstring>

#include "heap/allocation_names.hpp"

namespace cellblock::heap {
namespace {

constexpr std::string_view kMagic = "cellblock heap 1\n";
constexpr std::size_t kEntry = sizeof(std::uint64_t) + sizeof(std::uint32_t);

}  // namespace

std::string encode_layout(const Layout& layout) {
  std::string bytes(kMagic);
  bytes.resize(kMagic.size() + layout.size() * kEntry);
  char* to = bytes.data() + kMagic.size();
  for (const PlacedObject& object : layout) {
    std::memcpy(to, &object.name, sizeof(object.name));
    std::memcpy(to + sizeof(object.name), &object.size, sizeof(object.size));
    to += kEntry;
  }
  return bytes;
}

Layout decode_layout(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic || (bytes.size() - kMagic.size()) % kEntry != 0) return {};
  Layout layout((bytes.size() - kMagic.size()) / kEntry);
  const char* from = bytes.data() + kMagic.size();
  for (PlacedObject& object : layout) {
    std::memcpy(&object.name, from, sizeof(object.name));
    std::memcpy(&object.size, from + sizeof(object.name), sizeof(object.size));
    if (object.name == 0 || object.size == 0 || object.size > kLargestPlaced) return {};
    from += kEntry;
  }
  return layout;
}

}  // namespace cellblock::heap
