// "Did you mean …?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/option_table.hpp"

namespace cellblock::config {

// Of these, of which there must be some, the one that takes the fewest edits to reach.
[[nodiscard]] std::string nearest_of(std::string_view wrong, const std::vector<std::string>& known);

// The name in the table that takes the fewest edits to reach.
[[nodiscard]] std::string_view nearest_name(std::string_view wrong);

}  // namespace cellblock::config
