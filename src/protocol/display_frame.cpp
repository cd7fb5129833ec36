#include "protocol/display_frame.hpp"

#include <algorithm>
#include <array>

#include "protocol/frame.hpp"

namespace cellblock::protocol {
namespace {

// Of what is no text the representations that notebooks know.
constexpr std::array<std::string_view, 4> kBinaryFamilies{"image/", "audio/", "video/", "font/"};
constexpr std::array<std::string_view, 2> kBinaryTypes{"application/pdf", "application/octet-stream"};

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&^_.+-").find(c) != std::string_view::npos;
  });
}

}  // namespace

bool is_mime_type(std::string_view type) {
  const std::size_t slash = type.find('/');
  return type.size() <= kMaxDisplayType && slash != std::string_view::npos &&
         is_name(type.substr(0, slash)) && is_name(type.substr(slash + 1));
}

DisplayKind display_kind(std::string_view type) {
  if (type == "application/json" || type.ends_with("+json")) return DisplayKind::kJson;
  const auto begins = [type](std::string_view family) { return type.starts_with(family); };
  if ((std::any_of(kBinaryFamilies.begin(), kBinaryFamilies.end(), begins) && !type.ends_with("+xml")) ||
      std::find(kBinaryTypes.begin(), kBinaryTypes.end(), type) != kBinaryTypes.end()) {
    return DisplayKind::kBinary;
  }
  return DisplayKind::kText;
}

std::string encode_display(const std::vector<DisplayPart>& parts) {
  std::size_t size = 0;
  for (const DisplayPart& part : parts) size += part.type.size() + part.data.size() + 16;
  std::string payload;
  payload.reserve(size);
  for (const DisplayPart& part : parts) {
    payload.push_back(static_cast<char>(part.state));
    append_segment(payload, part.type);
    append_segment(payload, part.data);
  }
  return payload;
}

std::optional<std::vector<DisplayPart>> decode_display(std::string_view payload) {
  std::vector<DisplayPart> parts;
  while (!payload.empty()) {
    if (parts.size() == kMaxDisplayParts) return std::nullopt;
    const auto state = static_cast<std::uint8_t>(payload.front());
    payload.remove_prefix(1);
    const auto type = take_segment(payload);
    const auto data = type ? take_segment(payload) : std::nullopt;
    if (!data || state > static_cast<std::uint8_t>(DisplayPart::State::kLast)) return std::nullopt;
    parts.push_back({std::string(*type), std::string(*data), static_cast<DisplayPart::State>(state)});
  }
  if (parts.empty()) return std::nullopt;
  return parts;
}

}  // namespace cellblock::protocol
