#include "runner/display_outlet.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace cellblock::runner {

using protocol::DisplayPart;
using State = DisplayPart::State;

bool DisplayOutlet::show(std::vector<DisplayPart> parts) {
  if (gone_) return false;
  std::vector<DisplayPart> kept;
  if (items_ == wish_.items) {
    if (!std::exchange(full_told_, true)) skip({{}, {}, State::kTooMany}, kept);
    parts.clear();
  }
  bool whole = false;
  for (DisplayPart& part : parts) {
    if (kept.size() + 1 == protocol::kMaxDisplayParts) {
      skip({{}, {}, State::kTooMany}, kept);
      break;
    }
    // The name of a type that can't be sent says nothing either.
    if (!protocol::is_mime_type(part.type)) {
      std::string why = part.state == State::kFailed ? std::move(part.data) : "no MIME type";
      part = {{}, std::move(why), State::kFailed};
    }
    if (part.state == State::kWhole && part.data.size() > std::min(wish_.item_bytes, room_)) {
      part = {std::move(part.type), {}, State::kTooLarge};
    }
    if (part.state != State::kWhole) {
      skip(std::move(part), kept);
      continue;
    }
    const auto same = [&part](const DisplayPart& other) {
      return other.type == part.type && other.state == State::kWhole;
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
  if (++skipped_ == protocol::kMaxDisplaySkipped) part = {{}, {}, State::kTooMany};
  if (part.data.size() > protocol::kMaxDisplayDetail) part.data.resize(protocol::kMaxDisplayDetail);
  kept.push_back(std::move(part));
}

}  // namespace cellblock::runner
