#include "http/live_feed.hpp"

#include <utility>

namespace cellblock::http {
namespace {

using Kind = engine::LiveEvent::Kind;

std::uint64_t size_of(const engine::LiveEvent& event) {
  std::uint64_t bytes = event.text.size();
  for (const engine::Representation& one : event.bundle) bytes += one.type.size() + one.data.size();
  return bytes;
}

bool is_text(Kind kind) {
  return kind == Kind::kStdout || kind == Kind::kStderr;
}

}  // namespace

LiveFeed::Pushed LiveFeed::push(engine::LiveEvent event) {
  const std::lock_guard lock(mutex_);
  const bool wake = !std::exchange(told_, true);
  if (event.kind == Kind::kStarted) {
    started_ = true;
    return {true, wake};
  }
  bytes_ += size_of(event);
  no_room_ = no_room_ || !memory_.resize(bytes_);
  if (no_room_) return {false, wake};
  if (is_text(event.kind) && !events_.empty() && events_.back().kind == event.kind) {
    // However tiny the pieces, what waits is one.
    events_.back().text += event.text;
  } else {
    events_.push_back(std::move(event));
  }
  resting_ = resting_ || bytes_ > kHighWater;
  return {!resting_, wake};
}

LiveFeed::Taken LiveFeed::take() {
  const std::lock_guard lock(mutex_);
  told_ = false;
  bytes_ = 0;
  static_cast<void>(memory_.resize(0));
  return {std::exchange(events_, {}), std::exchange(resting_, false), started_, no_room_};
}

}  // namespace cellblock::http
