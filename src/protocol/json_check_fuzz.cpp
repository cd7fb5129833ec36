// The JSON check against another strict parser: where both have an opinion, they agree.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "protocol/json_check.hpp"

namespace {

constexpr std::size_t kDepth = 64;

// The other one skips a byte order mark, takes a NUL for the end, refuses numbers beyond a double, and knows
// no depth.
bool both_have_an_opinion(std::string_view text) {
  return !text.starts_with("\xef\xbb\xbf") && text.find_first_of("eE") == std::string_view::npos &&
         text.find('\0') == std::string_view::npos && text.size() <= kDepth;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool passed = cellblock::protocol::check_json(text, kDepth).has_value();
  if (both_have_an_opinion(text) && passed != nlohmann::json::accept(text)) std::abort();
  return 0;
}
