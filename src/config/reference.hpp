// docs/configuration.md, generated: a test compares the page with this text, so it cannot drift.
#pragma once

#include <string>

namespace cellblock::config {

[[nodiscard]] std::string reference_page();

}  // namespace cellblock::config
