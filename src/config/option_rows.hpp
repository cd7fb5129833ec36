// The sections of the option table, each in a file of its own. Private to this folder: option_table() has
// them all.
#pragma once

#include <string_view>
#include <vector>

#include "config/option_table.hpp"

namespace cellblock::config {

[[nodiscard]] std::vector<OptionSpec> server_rows();
[[nodiscard]] std::vector<OptionSpec> replay_rows();  // Idempotency-Key
[[nodiscard]] std::vector<OptionSpec> client_rows();
[[nodiscard]] std::vector<OptionSpec> limit_rows();
[[nodiscard]] std::vector<OptionSpec> capacity_rows();
[[nodiscard]] std::vector<OptionSpec> isolation_rows();
[[nodiscard]] std::vector<OptionSpec> log_rows();

// Checks of more than one section.
inline bool absolute_path(std::string_view text) {
  return text.starts_with('/');
}

inline bool empty_or_absolute_path(std::string_view text) {
  return text.empty() || absolute_path(text);
}

}  // namespace cellblock::config
