#include "base/relative_path.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace cellblock::base {

std::string_view fault_of_path(std::string_view path) {
  if (path.empty()) return "is empty";
  if (path.size() > kMaxPathBytes) return "is longer than 1024 bytes";
  if (path.front() == '/') return "must be relative";
  const auto control = [](char character) {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
  };
  if (std::any_of(path.begin(), path.end(), control)) return "has a control character";
  if (to_valid_utf8(path) != path) return "is not UTF-8";
  for (std::string_view rest = path;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    if (name.empty()) return "has an empty name";
    if (name == "." || name == "..") return "must not contain '.' or '..'";
    if (name.size() > kMaxNameBytes) return "has a name longer than 255 bytes";
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace cellblock::base
