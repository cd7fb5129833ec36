// What a script shows, on its way out of the cell: cut down to what the request allows, so that the server,
// which ends a cell that sends more, never has reason to.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "protocol/display_frame.hpp"
#include "protocol/run_frame.hpp"

namespace cellblock::runner {

class DisplayOutlet {
 public:
  // Gets the payload of each frame; false when it could not be sent.
  using Send = std::function<bool(std::string_view payload)>;

  DisplayOutlet(const protocol::DisplayWish& wish, Send send)
      : wish_(wish), room_(wish.bytes), send_(std::move(send)) {}

  // One value in its representations. What does not fit is replaced by a word on it. Returns whether another
  // value may follow: false when there are as many as allowed, or when nobody takes them any more.
  bool show(std::vector<protocol::DisplayPart> parts);

 private:
  // Names a part that stays behind, as long as there is room for names.
  void skip(protocol::DisplayPart part, std::vector<protocol::DisplayPart>& kept);

  const protocol::DisplayWish wish_;
  std::uint64_t room_;
  std::uint64_t items_ = 0;
  std::size_t skipped_ = 0;
  bool full_told_ = false;
  bool gone_ = false;
  Send send_;
};

}  // namespace cellblock::runner
