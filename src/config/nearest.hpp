// "Did you mean …?"
#pragma once

#include <string_view>

#include "config/option_table.hpp"

namespace cellblock::config {

// The name in the table that takes the fewest edits to reach.
[[nodiscard]] std::string_view nearest_name(std::string_view wrong);

}  // namespace cellblock::config
