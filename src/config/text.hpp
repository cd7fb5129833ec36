#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cellblock::config {

[[nodiscard]] inline std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (&part != &parts.front()) text += separator;
    text += part;
  }
  return text;
}

}  // namespace cellblock::config
