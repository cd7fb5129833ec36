// Base64 as in RFC 4648, section 4: the standard alphabet, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cellblock::base {

[[nodiscard]] std::string to_base64(std::string_view bytes);

// nullopt for anything that to_base64 would not have written: other characters, line breaks, missing padding,
// bits beyond the last byte.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace cellblock::base
