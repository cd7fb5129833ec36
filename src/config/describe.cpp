// The words in which a row appears in error messages, --help and the reference page.
#include <array>
#include <charconv>

#include "config/value.hpp"

namespace cellblock::config {
namespace {

std::string_view unit_name(Unit unit) {
  switch (unit) {
    case Unit::kNone:
      return "";
    case Unit::kBytes:
      return "bytes";
    case Unit::kKilobytes:
      return "KB";
    case Unit::kMegabytes:
      return "MB";
    case Unit::kSeconds:
      return "s";
  }
  return "";
}

// The shortest text that reads back as the same number, never in scientific notation.
std::string number_text(double number) {
  std::array<char, 64> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed).ptr;
  return {digits.data(), end};
}

std::string range_text(const OptionSpec& spec) {
  std::string text = "from " + number_text(spec.lowest) + " to " + number_text(spec.highest);
  if (spec.unit != Unit::kNone) text.append(" ").append(unit_name(spec.unit));
  return text;
}

std::string choices_text(const OptionSpec& spec) {
  std::string text;
  for (const auto choice : spec.choices) text.append(text.empty() ? "one of " : ", ").append(choice);
  return text;
}

}  // namespace

bool is_list(const OptionSpec& spec) {
  return std::holds_alternative<std::vector<std::string> Options::*>(spec.target);
}

bool is_switch(const OptionSpec& spec) {
  return std::holds_alternative<bool Options::*>(spec.target);
}

std::string allowed_text(const OptionSpec& spec) {
  if (!spec.choices.empty()) return choices_text(spec);
  if (is_switch(spec)) return "true or false";
  if (std::holds_alternative<std::uint32_t Options::*>(spec.target)) {
    return "a whole number " + range_text(spec);
  }
  if (std::holds_alternative<std::uint64_t Options::*>(spec.target)) return "a size " + range_text(spec);
  if (std::holds_alternative<double Options::*>(spec.target)) return "a number " + range_text(spec);
  if (std::holds_alternative<std::chrono::milliseconds Options::*>(spec.target)) {
    return "a time " + range_text(spec);
  }
  return std::string(spec.expected.empty() ? "any text" : spec.expected);
}

std::string_view placeholder(const OptionSpec& spec) {
  if (!spec.choices.empty()) return "WORD";
  if (is_list(spec)) return "LIST";
  if (is_switch(spec)) return "";
  if (std::holds_alternative<std::string Options::*>(spec.target)) return "TEXT";
  return spec.unit == Unit::kSeconds ? "SECONDS" : "N";
}

std::string default_text(const OptionSpec& spec) {
  if (spec.standard.empty()) return "empty";
  std::string text(spec.standard);
  if (spec.unit != Unit::kNone) text.append(" ").append(unit_name(spec.unit));
  return text;
}

}  // namespace cellblock::config
