// The words in which a row appears in error messages, --help and the reference page.
#include <array>
#include <charconv>

#include "config/text.hpp"
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

std::string with_unit(double number, Unit unit) {
  std::string text = number_text(number);
  if (unit != Unit::kNone) text.append(" ").append(unit_name(unit));
  return text;
}

std::string size_text(Unit unit, std::uint64_t bytes) {
  const std::uint64_t one = unit == Unit::kMegabytes   ? 1ULL << 20U
                            : unit == Unit::kKilobytes ? 1ULL << 10U
                                                       : 1;
  // A plain number would be read in the row's unit, so what does not fit that is written in the next that
  // does.
  if (one == 1) return std::to_string(bytes);
  if (bytes % one == 0) return std::to_string(bytes / one) + " " + std::string(unit_name(unit));
  return std::to_string(bytes >> 10U) + " KB";
}

struct TextOf {
  const OptionSpec& spec;

  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const std::vector<std::string>& list) const { return joined(list, ","); }
  std::string operator()(std::uint32_t number) const { return std::to_string(number); }
  std::string operator()(std::uint64_t bytes) const { return size_text(spec.unit, bytes); }
  std::string operator()(double number) const { return number_text(number); }
  std::string operator()(std::chrono::milliseconds time) const {
    return with_unit(static_cast<double>(time.count()) / 1000, Unit::kSeconds);
  }
  std::string operator()(bool on) const { return on ? "true" : "false"; }
  template <typename Choice>
  std::string operator()(Choice choice) const {
    return std::string(spec.choices[static_cast<std::size_t>(choice)]);
  }
};

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

std::string value_text(const OptionSpec& spec, const Options& options) {
  return std::visit([&](const auto member) { return TextOf{spec}(options.*member); }, spec.target);
}

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
