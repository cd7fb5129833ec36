// "Did you mean …?"
#pragma once

#include <span>
#include <string_view>

#include "config/option_table.hpp"

namespace cellblock::config {

// The name in the table that takes the fewest edits to reach.
[[nodiscard]] std::string_view nearest_name(std::string_view wrong);
// The same of other names, of which there must be one.
[[nodiscard]] std::string_view nearest_of(std::string_view wrong, std::span<const std::string_view> names);

}  // namespace cellblock::config
