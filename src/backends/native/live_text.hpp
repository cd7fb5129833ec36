// One captured stream as it goes out piece by piece: each piece valid UTF-8 and of whole characters, all of
// them together the text that OutputCapture has in the end.
#pragma once

#include <string>
#include <string_view>

namespace cellblock::backends::native {

class LiveText {
 public:
  // What has become whole with these bytes; may be empty.
  [[nodiscard]] std::string add(std::string_view bytes);
  // What is left. `cut`: the capture is truncated, and its last character not the script's fault.
  [[nodiscard]] std::string end(bool cut);

 private:
  std::string begun_;  // the first bytes of a character
};

}  // namespace cellblock::backends::native
