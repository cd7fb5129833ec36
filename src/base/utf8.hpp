// Text from a cell is bytes until it has been made valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace cellblock::base {

// A copy in which each ill-formed sequence is one U+FFFD, as the Unicode standard recommends (maximal
// subparts). Valid text comes back unchanged.
[[nodiscard]] std::string to_valid_utf8(std::string_view bytes);

// Length of the longest prefix that does not end within a character; at most three bytes are cut off.
[[nodiscard]] std::size_t whole_characters(std::string_view bytes);

}  // namespace cellblock::base
