// docs/man/cellblock.1, generated: a test compares the page with this text, so it cannot drift.
#pragma once

#include <string>

namespace cellblock::config {

// In roff, with the macros of man(7).
[[nodiscard]] std::string man_page();

}  // namespace cellblock::config
