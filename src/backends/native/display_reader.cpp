#include "backends/native/display_reader.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/utf8.hpp"
#include "protocol/display_frame.hpp"
#include "protocol/json_check.hpp"

namespace cellblock::backends::native {
namespace {

using engine::Representation;
using protocol::DisplayPart;

// As deep as Python's encoder goes.
constexpr std::size_t kDepth = 1100;

bool is_utf8(const std::string& text) {
  return base::to_valid_utf8(text) == text;
}

std::optional<Representation> representation(DisplayPart part) {
  switch (protocol::display_kind(part.type)) {
    case protocol::DisplayKind::kText:
      if (!is_utf8(part.data)) return std::nullopt;
      return Representation{std::move(part.type), Representation::Kind::kText, std::move(part.data)};
    case protocol::DisplayKind::kJson:
      if (!protocol::check_json(part.data, kDepth)) return std::nullopt;
      return Representation{std::move(part.type), Representation::Kind::kJson, std::move(part.data)};
    case protocol::DisplayKind::kBinary:
      break;
  }
  return Representation{std::move(part.type), Representation::Kind::kBinary, std::move(part.data)};
}

// The service's own words, and after a colon what the cell says.
std::string why_skipped(const DisplayPart& part, const engine::Limits& limits) {
  std::string reason = "it could not be made";
  // The cell adds a size where that is no matter of bytes.
  if (part.state == DisplayPart::State::kTooLarge) {
    reason = "too large for this answer";
    if (part.data.empty()) {
      reason += ": at most " + std::to_string(limits.display_item_bytes >> 10U) +
                " KB each (display-item-kb) and " + std::to_string(limits.display_bytes >> 10U) +
                " KB together (display-kb)";
    }
  }
  if (part.state == DisplayPart::State::kTooMany) {
    reason = "too many for this answer: at most " + std::to_string(limits.display_items) +
             " values (display-items)";
  }
  if (!part.data.empty()) reason += ": " + base::to_valid_utf8(part.data);
  return reason;
}

}  // namespace

bool DisplayReader::take(std::string_view payload) {
  auto parts = protocol::decode_display(payload);
  if (!parts) return false;
  engine::DisplayBundle bundle;
  for (DisplayPart& part : *parts) {
    const bool whole = part.state == DisplayPart::State::kWhole;
    if (!protocol::is_mime_type(part.type) && (whole || !part.type.empty())) return false;
    if (!whole) {
      if (shown_.skipped.size() == protocol::kMaxDisplaySkipped) return false;
      if (part.data.size() > protocol::kMaxDisplayDetail) return false;
      std::string reason = why_skipped(part, limits_);
      shown_.skipped.push_back(
          {std::move(part.type), std::move(reason), part.state != DisplayPart::State::kFailed});
      continue;
    }
    bytes_ += part.data.size();
    if (part.data.size() > limits_.display_item_bytes || bytes_ > limits_.display_bytes) return false;
    const auto same = [&part](const Representation& other) { return other.type == part.type; };
    if (std::any_of(bundle.begin(), bundle.end(), same)) return false;
    auto made = representation(std::move(part));
    if (!made) return false;
    bundle.push_back(std::move(*made));
  }
  if (bundle.empty()) return true;
  if (shown_.bundles.size() == limits_.display_items) return false;
  shown_.bundles.push_back(std::move(bundle));
  return true;
}

}  // namespace cellblock::backends::native
