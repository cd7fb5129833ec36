// What comes out of an execution while it runs, for those who do not want to wait for its outcome.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/display.hpp"

namespace cellblock::engine {

struct LiveEvent {
  enum class Kind : std::uint8_t {
    kStarted,  // a cell has the script; comes first, and again should another cell get it
    kStdout,   // a piece of what the outcome will have as stdout_text: valid UTF-8, whole characters
    kStderr,
    kDisplay  // one more of the outcome's bundles
  };
  Kind kind = Kind::kStarted;
  std::string text{};
  DisplayBundle bundle{};
};

// Called on the engine's thread with each piece, in order, never after the Completion. The pieces of one kind
// make up what the outcome has of it. False: nothing of the script's output is read until Engine::resume(),
// so that it waits when its pipe is full; what has been read already still comes.
using Listener = std::function<bool(LiveEvent)>;

}  // namespace cellblock::engine
