#include "service/pool_choice.hpp"

#include <algorithm>
#include <set>

namespace cellblock::embedded {
extern const std::string_view kStandardLibrary;
}  // namespace cellblock::embedded

namespace cellblock::service {
namespace {

bool in_word(char character) {
  const auto byte = static_cast<unsigned char>(character);
  // Of other alphabets than ASCII's everything may be in a name.
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
         byte == '_' || byte >= 0x80;
}

bool is_standard(std::string_view module) {
  static const std::set<std::string_view> kNames = [] {
    std::set<std::string_view> lines;
    for (std::string_view rest = embedded::kStandardLibrary; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      lines.insert(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return lines;
  }();
  return kNames.contains(module);
}

// The lowest pool that has the module; nothing of it when none has.
std::size_t pool_with(std::string_view module, const PoolModules& pools) {
  const auto has = [module](const std::vector<std::string>& modules) {
    return std::any_of(modules.begin(), modules.end(),
                       [module](std::string_view name) { return name.substr(0, name.find('.')) == module; });
  };
  return static_cast<std::size_t>(std::find_if(pools.begin(), pools.end(), has) - pools.begin());
}

// What the word before says of the next one, within a statement.
enum class Expected { kWords, kModule, kModules, kNames };

}  // namespace

std::size_t choose_pool(std::string_view script, const PoolModules& pools) {
  if (pools.size() < 2) return 0;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (script.starts_with(kByteOrderMark)) script.remove_prefix(kByteOrderMark.size());
  std::size_t chosen = 0;
  Expected expected = Expected::kWords;
  for (std::size_t at = 0; at < script.size();) {
    const char character = script[at];
    if (!in_word(character)) {
      if (character == '\n' || character == ';') expected = Expected::kWords;
      if (character == ',' && expected == Expected::kModules) expected = Expected::kModule;
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < script.size() && in_word(script[at])) ++at;
    const std::string_view word = script.substr(begin, at - begin);
    if (word == "import") {
      // After "from … import" come names of the module, not modules.
      expected = expected == Expected::kWords ? Expected::kModule : Expected::kNames;
      continue;
    }
    const bool module = expected == Expected::kModule && (begin == 0 || script[begin - 1] != '.');
    if (expected == Expected::kModule) expected = Expected::kModules;
    if (word == "from" && expected == Expected::kWords) expected = Expected::kModule;
    const std::size_t pool = pool_with(word, pools);
    if (pool < pools.size()) chosen = std::max(chosen, pool);
    if (pool == pools.size() && module && !is_standard(word)) chosen = std::max<std::size_t>(chosen, 1);
    if (chosen + 1 == pools.size()) break;
  }
  return chosen;
}

}  // namespace cellblock::service
