// Every option is declared once, as one row of a table. Flags, environment variables, the configuration
// file, checks, --help and the reference page all come from these rows.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/options.hpp"

namespace cellblock::config {

// The member that a row sets. Its type is the option's type:
//   string, list of strings   text, checked by `accepts`
//   uint32_t                  a whole number
//   uint64_t                  a size, stored in bytes
//   double                    a fraction
//   milliseconds              a time, given in seconds
//   bool                      a switch
//   an enum                   one of `choices`, in the order of the enum
using Target = std::variant<std::string Options::*, std::vector<std::string> Options::*,
                            std::uint32_t Options::*, std::uint64_t Options::*, double Options::*,
                            std::chrono::milliseconds Options::*, bool Options::*, Policy Options::*,
                            Isolation Options::*, Backend Options::*, LogLevel Options::*, Stage Options::*>;

// What a plain number means.
enum class Unit : std::uint8_t { kNone, kBytes, kKilobytes, kMegabytes, kSeconds };

struct OptionSpec {
  std::string_view name{};  // the flag without its dashes, and the key in the file
  Target target{};
  std::string_view standard{};  // the default, written as a user would
  double lowest = 0;            // inclusive, in `unit`; for numbers
  double highest = 0;
  Unit unit = Unit::kNone;
  std::vector<std::string_view> choices{};
  bool (*accepts)(std::string_view) = nullptr;  // for text and for each element of a list; null: anything
  std::string_view expected{};                  // what `accepts` wants, in words: "an absolute path"
  // In the order in which they are looked at; empty: CELLBLOCK_<NAME> alone.
  std::vector<std::string_view> environment{};
  // A variable that other programs set too may hold anything: what is not allowed counts as the default.
  bool lenient_environment = false;
  bool secret = false;  // the value is never shown
  bool in_file = true;  // false: cannot be set by the configuration file
  bool restart = true;  // a change takes effect at the next start only
  std::string_view group{};
  std::string_view help{};
};

[[nodiscard]] std::span<const OptionSpec> option_table();

// The variables of a row, the first of which that is set wins.
[[nodiscard]] std::vector<std::string> environment_names(const OptionSpec& spec);

}  // namespace cellblock::config
