#include "runner/display_outlet.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace cellblock::runner {

using protocol::DisplayPart;
using PartState = DisplayPart::State;

bool DisplayOutlet::show(std::vector<DisplayPart> parts) {
  if (gone_) return false;
  std::vector<DisplayPart> kept;
  if (items_ == wish_.items) {
    if (!std::exchange(full_told_, true)) skip({{}, {}, PartState::kTooMany}, kept);
    parts.clear();
  }
  bool whole = false;
  for (DisplayPart& part : parts) {
    if (kept.size() + 1 == protocol::kMaxDisplayParts) {
      skip({{}, {}, PartState::kTooMany}, kept);
      break;
    }
    // The name of a type that can't be sent says nothing either.
    if (!protocol::is_mime_type(part.type)) {
      std::string why = part.state == PartState::kFailed ? std::move(part.data) : "no MIME type";
      part = {{}, std::move(why), PartState::kFailed};
    }
    if (part.state == PartState::kWhole && part.data.size() > std::min(wish_.item_bytes, room_)) {
      part = {std::move(part.type), {}, PartState::kTooLarge};
    }
    if (part.state != PartState::kWhole) {
      skip(std::move(part), kept);
      continue;
    }
    const auto same = [&part](const DisplayPart& other) {
      return other.type == part.type && other.state == PartState::kWhole;
    };
    if (std::any_of(kept.begin(), kept.end(), same)) continue;
    room_ -= part.data.size();
    whole = true;
    kept.push_back(std::move(part));
  }
  if (whole) ++items_;
  gone_ = !kept.empty() && !send_(protocol::encode_display(kept));
  return !gone_ && items_ < wish_.items;
}

void DisplayOutlet::skip(DisplayPart part, std::vector<DisplayPart>& kept) {
  if (skipped_ == protocol::kMaxDisplaySkipped) return;
  // The last one stands for all that follow.
  if (++skipped_ == protocol::kMaxDisplaySkipped) part = {{}, {}, PartState::kTooMany};
  if (part.data.size() > protocol::kMaxDisplayDetail) part.data.resize(protocol::kMaxDisplayDetail);
  kept.push_back(std::move(part));
}

}  // namespace cellblock::runner
