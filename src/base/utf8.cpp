#include "base/utf8.hpp"

#include <cstddef>

namespace cellblock::base {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// What the first byte of a character demands: how many bytes follow, and the range of the first of them
// (which excludes overlong forms, surrogates and what lies beyond U+10FFFF). 0 followers and an empty
// range: no character starts so.
struct Lead {
  std::size_t followers;
  unsigned char low;
  unsigned char high;
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {0, 1, 0};
}

// Bytes of the sequence at the start of `bytes`, and whether they are a whole character.
struct Sequence {
  std::size_t length;
  bool whole;
};

Sequence first_sequence(std::string_view bytes) {
  const auto at = [&](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  if (at(0) < 0x80) return {1, true};
  const Lead lead = lead_of(at(0));
  if (lead.followers == 0) return {1, false};
  for (std::size_t index = 1; index <= lead.followers; ++index) {
    const unsigned char low = index == 1 ? lead.low : 0x80;
    const unsigned char high = index == 1 ? lead.high : 0xBF;
    if (index >= bytes.size() || at(index) < low || at(index) > high) return {index, false};
  }
  return {lead.followers + 1, true};
}

}  // namespace

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Sequence sequence = first_sequence(bytes);
    text.append(sequence.whole ? bytes.substr(0, sequence.length) : kReplacement);
    bytes.remove_prefix(sequence.length);
  }
  return text;
}

std::size_t whole_characters(std::string_view bytes) {
  const std::size_t size = bytes.size();
  for (std::size_t back = 1; back <= 3 && back <= size; ++back) {
    const auto byte = static_cast<unsigned char>(bytes[size - back]);
    if ((byte & 0xC0U) == 0x80U) continue;  // a follower: its lead lies further back
    return lead_of(byte).followers >= back ? size - back : size;
  }
  return size;
}

}  // namespace cellblock::base
