// Names of files that go into a cell and come out of it.
#pragma once

#include <cstddef>
#include <string_view>

namespace cellblock::base {

inline constexpr std::size_t kMaxPathBytes = 1024;
inline constexpr std::size_t kMaxNameBytes = 255;

// Why this is no plain path below a folder, as the end of a sentence ("is empty"); empty when it is one. A
// plain path is relative, of names between single slashes, without "." and "..", without control characters,
// and valid UTF-8.
[[nodiscard]] std::string_view fault_of_path(std::string_view path);

}  // namespace cellblock::base
