// From the text that a user wrote to the typed value of a row, and what a row allows in words.
#pragma once

#include <string>
#include <string_view>

#include "config/option_table.hpp"

namespace cellblock::config {

// Reads `text` and, when it is allowed, sets the row's member. Returns false and changes nothing otherwise.
// Sizes may carry KB, MB or GB, times s or ms; a plain number is in the row's unit.
[[nodiscard]] bool set_value(const OptionSpec& spec, std::string_view text, Options& options);

// The same for a list whose elements are apart already, so that each may have commas.
[[nodiscard]] bool set_elements(const OptionSpec& spec, const std::vector<std::string>& elements,
                                Options& options);

// "a whole number from 0 to 65535", "one of sandbox, strict".
[[nodiscard]] std::string allowed_text(const OptionSpec& spec);

// What stands for the value in --help: "N", "SECONDS", "MB", "PATH".
[[nodiscard]] std::string_view placeholder(const OptionSpec& spec);

// The default as the reference page shows it: "30 s", "512 MB", "empty".
[[nodiscard]] std::string default_text(const OptionSpec& spec);

// The row's value as set_value() reads it back: "30 s", "512 MB", "numpy,pandas". In the row's unit where
// that loses nothing, in bytes or milliseconds otherwise.
[[nodiscard]] std::string value_text(const OptionSpec& spec, const Options& options);

[[nodiscard]] bool is_list(const OptionSpec& spec);
[[nodiscard]] bool is_switch(const OptionSpec& spec);

// All rows at their defaults.
[[nodiscard]] Options default_options();

}  // namespace cellblock::config
