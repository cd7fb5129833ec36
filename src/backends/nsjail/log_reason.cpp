#include "backends/nsjail/log_reason.hpp"

#include <array>

#include "base/utf8.hpp"

namespace cellblock::backends::nsjail {
namespace {

constexpr std::size_t kLongest = 300;

// [E][2026-11-22T00:40:00+0000][17] bool contain::initNs(nsj_t *)():93 text
std::string_view text_of(std::string_view line) {
  while (line.starts_with('[')) {
    const auto end = line.find(']');
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  const auto place = line.find("():");
  if (place == std::string_view::npos) return line;
  const auto text = line.find(' ', place);
  return text == std::string_view::npos ? line : line.substr(text + 1);
}

}  // namespace

std::string log_reason(std::string_view log) {
  for (const std::string_view level : std::array<std::string_view, 3>{"[E]", "[W]", "[F]"}) {
    for (std::string_view rest = log; !rest.empty();) {
      const auto end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (!line.starts_with(level)) continue;
      return "nsjail: " + base::to_valid_utf8(text_of(line).substr(0, kLongest));
    }
  }
  return "nsjail has ended without a word";
}

}  // namespace cellblock::backends::nsjail
