#include "backends/native/output_capture.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace cellblock::backends::native {

std::string_view OutputCapture::add(std::string_view bytes) {
  total_ += bytes.size();
  const std::uint64_t room = limit_ - std::min<std::uint64_t>(limit_, kept_.size());
  const auto kept = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
  kept_.append(kept);
  return kept;
}

std::string OutputCapture::take_text() {
  // Only where this object made the cut may a half character be dropped; a script's own is replaced.
  if (truncated()) kept_.resize(base::whole_characters(kept_));
  std::string text = base::to_valid_utf8(kept_);
  kept_.clear();
  total_ = 0;
  return text;
}

}  // namespace cellblock::backends::native
