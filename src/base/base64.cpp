#include "base/base64.hpp"

#include <array>
#include <cstdint>

namespace cellblock::base {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xff;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNone;
  for (std::size_t index = 0; index < kAlphabet.size(); ++index) {
    values[static_cast<unsigned char>(kAlphabet[index])] = static_cast<std::uint8_t>(index);
  }
  return values;
}();

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t index = 0; index < 3; ++index) {
      bits = bits << 8U | (index < group.size() ? static_cast<unsigned char>(group[index]) : 0U);
    }
    for (std::size_t index = 0; index < 4; ++index) {
      text.push_back(index <= group.size() ? kAlphabet[bits >> (18U - 6U * index) & 63U] : '=');
    }
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::string_view group = text.substr(at, 4);
    // Padding stands at the very end only.
    const bool last = at + 4 == text.size();
    if (last && group.ends_with("==")) {
      group.remove_suffix(2);
    } else if (last && group.ends_with('=')) {
      group.remove_suffix(1);
    }
    std::uint32_t bits = 0;
    for (std::size_t index = 0; index < 4; ++index) {
      const std::uint8_t value = index < group.size() ? kValues[static_cast<unsigned char>(group[index])] : 0;
      if (value == kNone) return std::nullopt;
      bits = bits << 6U | value;
    }
    const std::size_t count = group.size() - 1;
    if ((bits & ((1U << (24U - 8U * count)) - 1U)) != 0) return std::nullopt;
    for (std::size_t index = 0; index < count; ++index) {
      bytes.push_back(static_cast<char>(bits >> (16U - 8U * index) & 255U));
    }
  }
  return bytes;
}

}  // namespace cellblock::base
