#include "config/config_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

// Errors come back as values; the library is compiled into this file alone.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
// A text can make its assertions fail; what stands behind each of them is an error, which is the answer
// wanted.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include "base/fd.hpp"
#include "config/nearest.hpp"
#include "config/option_table.hpp"
#include "config/text.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

const OptionSpec* find_row(std::string_view name) {
  const auto rows = option_table();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [name](const OptionSpec& spec) { return spec.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::string fraction_text(double number) {
  std::array<char, 400> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed).ptr;
  return {digits.data(), end};
}

// A value as a user would write it for a flag; nothing for dates and tables, which no option has.
std::optional<std::string> plain_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fraction_text(number->get());
  if (const auto* on = node.as_boolean()) return on->get() ? "true" : "false";
  return std::nullopt;
}

std::optional<std::string> list_text(const toml::array& array) {
  std::vector<std::string> elements;
  for (const toml::node& element : array) {
    auto text = plain_text(element);
    if (!text) return std::nullopt;
    elements.push_back(std::move(*text));
  }
  return joined(elements, ",");
}

class Collector {
 public:
  explicit Collector(const std::string& shown_as) : prefix_("file " + shown_as + ": ") {}

  void add(std::string_view name, const toml::node& node) {
    const std::string quoted = "'" + std::string(name) + "'";
    const OptionSpec* spec = find_row(name);
    if (spec == nullptr && node.is_table()) {
      problem("section [" + std::string(name) + "] is not known: options stand outside of sections");
    } else if (spec == nullptr) {
      problem("unknown option " + quoted + ", did you mean '" + std::string(nearest_name(name)) + "'?");
    } else if (!spec->in_file) {
      problem("option " + quoted + " cannot be set in a file");
    } else if (auto text = value_of(*spec, node)) {
      contents_.values.emplace(name, std::move(*text));
    } else {
      problem("option " + quoted + " must be " + allowed_text(*spec));
    }
  }

  void problem(const std::string& text) { contents_.problems.push_back(prefix_ + text); }

  [[nodiscard]] FileContents take() { return std::move(contents_); }

 private:
  static std::optional<std::string> value_of(const OptionSpec& spec, const toml::node& node) {
    if (const auto* array = node.as_array()) return is_list(spec) ? list_text(*array) : std::nullopt;
    return plain_text(node);
  }

  std::string prefix_;
  FileContents contents_;
};

std::string where(const toml::source_region& region) {
  return "line " + std::to_string(region.begin.line) + ", column " + std::to_string(region.begin.column);
}

}  // namespace

FileContents parse_config(const std::string& text, const std::string& shown_as) {
  Collector collector(shown_as);
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    collector.problem(where(parsed.error().source()) + ": " + std::string(parsed.error().description()) +
                      " (values are as in TOML: numbers, true, false, \"text\" in quotes, [\"lists\"])");
    return collector.take();
  }
  // Problems are told in the order of the file, which a table does not keep.
  std::vector<std::pair<toml::source_index, std::string_view>> lines;
  for (const auto& [key, node] : parsed.table()) lines.emplace_back(key.source().begin.line, key.str());
  std::stable_sort(lines.begin(), lines.end());
  for (const auto& [line, name] : lines) collector.add(name, *parsed.table().get(name));
  return collector.take();
}

tl::expected<FileContents, std::string> read_config(const std::string& path) {
  const auto text = base::read_file(AT_FDCWD, path);
  if (!text) return tl::make_unexpected("file " + path + ": " + text.error().message());
  return parse_config(*text, path);
}

}  // namespace cellblock::config
