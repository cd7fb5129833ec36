// The configuration file: TOML without tables. toml++ reads it; what the names mean is decided here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace cellblock::config {

// Each problem is one line for the operator.
using Problems = std::vector<std::string>;

struct FileContents {
  std::map<std::string, std::string, std::less<>> values;  // by option name; lists joined with commas
  Problems problems;                                       // unknown names, tables, what is no TOML
};

// `shown_as` names the file in problems.
[[nodiscard]] FileContents parse_config(const std::string& text, const std::string& shown_as);

// Fails with one problem when the file cannot be read.
[[nodiscard]] tl::expected<FileContents, std::string> read_config(const std::string& path);

}  // namespace cellblock::config
