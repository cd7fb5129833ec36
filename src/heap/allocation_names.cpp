#include "heap/allocation_names.hpp"

namespace cellblock::heap {
namespace {

// FNV-1a: std::hash may differ between the two programs that have to agree.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 14'695'981'039'346'656'037U;
  for (const char byte : text) value = (value ^ static_cast<unsigned char>(byte)) * 1'099'511'628'211U;
  return value;
}

// The finaliser of SplitMix64: names that differ in a counter must differ everywhere.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

}  // namespace

void AllocationNames::begin(std::string_view part) {
  const std::uint64_t name = hash(part);
  part_ = mix(name + times_[name]++);
  counts_.fill(0);
}

std::uint64_t AllocationNames::next(std::size_t size) {
  if (size == 0 || size > kLargestPlaced) return 0;
  const std::uint64_t name = mix(part_ ^ mix((std::uint64_t{size} << 32U) + counts_[size]++));
  return name != 0 ? name : 1;
}

}  // namespace cellblock::heap
