#include "config/value.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>
#include <vector>

namespace cellblock::config {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

// A number and the word that follows it, if any: "64", "64MB", "0.5 s".
template <typename Number>
struct Measured {
  Number number{};
  std::string suffix;
};

template <typename Number>
std::optional<Measured<Number>> measured(std::string_view text) {
  Measured<Number> result;
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, result.number);
  if (code != std::errc{}) return std::nullopt;
  result.suffix = lowered(trimmed({rest, static_cast<std::size_t>(end - rest)}));
  return result;
}

bool within(const OptionSpec& spec, double value) {
  return std::isfinite(value) && value >= spec.lowest && value <= spec.highest;
}

std::uint64_t unit_bytes(Unit unit) {
  return unit == Unit::kMegabytes ? 1ULL << 20U : unit == Unit::kKilobytes ? 1ULL << 10U : 1;
}

std::optional<std::uint32_t> count_value(const OptionSpec& spec, std::string_view text) {
  const auto read = measured<std::uint32_t>(text);
  if (!read || !read->suffix.empty() || !within(spec, read->number)) return std::nullopt;
  return read->number;
}

std::optional<std::uint64_t> size_value(const OptionSpec& spec, std::string_view text) {
  const auto read = measured<std::uint64_t>(text);
  if (!read) return std::nullopt;
  std::uint64_t factor = unit_bytes(spec.unit);
  if (read->suffix == "kb") {
    factor = 1ULL << 10U;
  } else if (read->suffix == "mb") {
    factor = 1ULL << 20U;
  } else if (read->suffix == "gb") {
    factor = 1ULL << 30U;
  } else if (!read->suffix.empty()) {
    return std::nullopt;
  }
  // In floating point, which cannot wrap round; the ranges are far below what it can tell apart.
  const double bytes = static_cast<double>(read->number) * static_cast<double>(factor);
  if (!within(spec, bytes / static_cast<double>(unit_bytes(spec.unit)))) return std::nullopt;
  return read->number * factor;
}

std::optional<std::chrono::milliseconds> time_value(const OptionSpec& spec, std::string_view text) {
  const auto read = measured<double>(text);
  if (!read || !(read->suffix.empty() || read->suffix == "s" || read->suffix == "ms")) return std::nullopt;
  const double seconds = read->suffix == "ms" ? read->number / 1000 : read->number;
  if (!within(spec, seconds)) return std::nullopt;
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

std::optional<double> fraction_value(const OptionSpec& spec, std::string_view text) {
  const auto read = measured<double>(text);
  if (!read || !read->suffix.empty() || !within(spec, read->number)) return std::nullopt;
  return read->number;
}

std::optional<bool> switch_value(std::string_view text) {
  const std::string word = lowered(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::optional<std::size_t> choice_value(const OptionSpec& spec, std::string_view text) {
  const auto found = std::find(spec.choices.begin(), spec.choices.end(), lowered(text));
  if (found == spec.choices.end()) return std::nullopt;
  return static_cast<std::size_t>(found - spec.choices.begin());
}

std::optional<std::string> text_value(const OptionSpec& spec, std::string_view text) {
  if (spec.accepts != nullptr && !spec.accepts(text)) return std::nullopt;
  return std::string(text);
}

std::optional<std::vector<std::string>> list_value(const OptionSpec& spec, std::string_view text) {
  std::vector<std::string> elements;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto element = text_value(spec, trimmed(text.substr(0, comma)));
    if (!element) return std::nullopt;
    elements.push_back(*element);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return elements;
}

template <typename Member>
std::optional<Member> value_of(const OptionSpec& spec, std::string_view text) {
  if constexpr (std::is_same_v<Member, std::string>) {
    return text_value(spec, text);
  } else if constexpr (std::is_same_v<Member, std::vector<std::string>>) {
    return list_value(spec, text);
  } else if constexpr (std::is_same_v<Member, std::uint32_t>) {
    return count_value(spec, text);
  } else if constexpr (std::is_same_v<Member, std::uint64_t>) {
    return size_value(spec, text);
  } else if constexpr (std::is_same_v<Member, double>) {
    return fraction_value(spec, text);
  } else if constexpr (std::is_same_v<Member, std::chrono::milliseconds>) {
    return time_value(spec, text);
  } else if constexpr (std::is_same_v<Member, bool>) {
    return switch_value(text);
  } else {
    static_assert(std::is_enum_v<Member>);
    const auto index = choice_value(spec, text);
    if (!index) return std::nullopt;
    return static_cast<Member>(*index);
  }
}

}  // namespace

bool set_value(const OptionSpec& spec, std::string_view text, Options& options) {
  return std::visit(
      [&]<typename Member>(Member Options::*member) {
        auto value = value_of<Member>(spec, trimmed(text));
        if (value) options.*member = std::move(*value);
        return value.has_value();
      },
      spec.target);
}

bool set_elements(const OptionSpec& spec, const std::vector<std::string>& elements, Options& options) {
  const auto* member = std::get_if<std::vector<std::string> Options::*>(&spec.target);
  if (member == nullptr) return false;
  for (const std::string& element : elements) {
    if (spec.accepts != nullptr && !spec.accepts(element)) return false;
  }
  options.*(*member) = elements;
  return true;
}

Options default_options() {
  Options options;
  for (const OptionSpec& spec : option_table()) {
    // A test of the table makes sure that every default is allowed.
    static_cast<void>(set_value(spec, spec.standard, options));
  }
  return options;
}

}  // namespace cellblock::config
