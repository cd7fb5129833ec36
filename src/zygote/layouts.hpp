// The layouts that were made with this program.
#pragma once

#include <string>
#include <vector>

#include "heap/layout.hpp"

namespace cellblock::zygote {

// The one for an interpreter with these modules. An approximate one does no harm: what it does not find is
// left out.
[[nodiscard]] heap::Layout layout_for(const std::vector<std::string>& modules);

}  // namespace cellblock::zygote
