// Decides whether untrusted text is one strict JSON value, so that it may be spliced into other JSON.
//
// Stricter than many parsers: UTF-8 must be well-formed, surrogate escapes must come in pairs, nothing may
// follow the value, and nesting is bounded. More lenient in one point: numbers follow the grammar only, so
// an integer of any size and 1e999 pass; Python writes such integers, and what a reader makes of
// them is its own affair, unless it asks for those that Python takes: no infinity, and no integer of more
// than 4300 digits. Duplicate keys are not looked for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace cellblock::protocol {

// `max_depth` counts arrays and objects inside each other: "[]" has depth 1. The check recurses once per
// level, so keep it within the hundreds. The error is half a sentence for whoever wrote the text, with the
// byte offset where one is known: "a value is malformed at byte 17".
enum class Numbers : unsigned char { kAny, kThatPythonTakes };
[[nodiscard]] tl::expected<void, std::string> check_json(std::string_view text, std::size_t max_depth,
                                                         Numbers numbers = Numbers::kAny);

}  // namespace cellblock::protocol
