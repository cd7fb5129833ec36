// What each field of an nsjail configuration comes to: one row for each, with the reason that an operator
// reads.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "nsjail/reading.hpp"

namespace cellblock::nsjail {

enum class Rule : std::uint8_t {
  kNote,         // changes nothing
  kCells,        // cells are like `reason`, whatever is asked
  kOnly,         // a number or switch: `wanted` is how cells are, anything else is `otherwise`
  kOnlyText,     // the same for text: `wanted_text`
  kNever,        // any value is `otherwise`
  kSeconds,      // a time for `option`
  kCount,        // a number for `option`; 0 as well, which most options don't take
  kCountOrNone,  // the same, but 0 asks for no limit, and cellblock's own holds
  kBytesOrNone,  // likewise, in bytes
  kCpusOrNone,   // likewise, in whole CPUs
  kCpuShare,     // likewise, in milliseconds of CPU time in a second
  kText,         // text for `option`
  kLogLevel,
  kDescriptor,
  kOomScore,
  kInterpreter,
  kCgroupMount,
  kVariable,  // variable_rules.cpp
  kRlimit,    // rlimit_rules.cpp
  kMount,     // mount_rules.cpp
  kIdMap,     // id_map_rules.cpp
  kStart,     // start_rules.cpp, when all mounts are known
  kSeccomp,   // seccomp_rules.cpp, for all strings together
  kFields     // a message, whose fields have rows of their own
};

struct FieldRow {
  std::string_view field{};  // "exec_bin.path" within a message
  Rule rule = Rule::kNote;
  std::string_view reason{};
  std::uint64_t wanted = 0;
  Outcome otherwise = Outcome::kNotSupported;
  std::string_view option{};
  std::string_view wanted_text{};
  // A value of the right type that is not taken, as text format writes it; empty: each is.
  std::string_view wrong{};
};

[[nodiscard]] std::span<const FieldRow> field_table();

// Applies the row to one value of its field.
void apply_row(Reading& reading, const FieldRow& row, const Place& place);

}  // namespace cellblock::nsjail
