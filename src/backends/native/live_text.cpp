#include "backends/native/live_text.hpp"

#include "base/utf8.hpp"

namespace cellblock::backends::native {

std::string LiveText::add(std::string_view bytes) {
  begun_.append(bytes);
  const std::size_t whole = base::whole_characters(begun_);
  std::string text = base::to_valid_utf8(std::string_view(begun_).substr(0, whole));
  begun_.erase(0, whole);
  return text;
}

std::string LiveText::end(bool cut) {
  std::string text = cut ? std::string() : base::to_valid_utf8(begun_);
  begun_.clear();
  return text;
}

}  // namespace cellblock::backends::native
