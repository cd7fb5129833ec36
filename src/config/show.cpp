#include "config/show.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "config/option_table.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

constexpr std::size_t kOriginColumn = 44;

bool is_number(const OptionSpec& spec) {
  return std::holds_alternative<std::uint32_t Options::*>(spec.target) ||
         std::holds_alternative<double Options::*>(spec.target);
}

std::string in_quotes(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string list_text(const std::string& elements) {
  std::string text;
  std::string_view rest = elements;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    text += (text.empty() ? "" : ", ") + in_quotes(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return "[" + text + "]";
}

std::string file_value(const OptionSpec& spec, const Options& effective) {
  std::string value = value_text(spec, effective);
  if (is_list(spec)) return list_text(value);
  if (is_number(spec) || is_switch(spec)) return value;
  return in_quotes(value);
}

bool is_automatic(const OptionSpec& spec, const Options& given, const Options& effective) {
  return value_text(spec, given) != value_text(spec, effective);
}

std::string origin(const OptionSpec& spec, const Options& given, const Options& effective) {
  const auto place = given.places.find(spec.name);
  std::string text = place == given.places.end() ? "default" : place->second;
  if (is_automatic(spec, given, effective)) text += ", automatic";
  return text;
}

}  // namespace

std::string show_text(const Options& given, const Options& effective) {
  std::string page;
  std::string_view group;
  for (const OptionSpec& spec : option_table()) {
    if (spec.group != group) {
      group = spec.group;
      page.append(page.empty() ? "# " : "\n# ").append(group).append("\n");
    }
    const bool hidden = spec.secret && !value_text(spec, effective).empty();
    std::string line = spec.in_file && !hidden ? "" : "# ";
    line.append(spec.name).append(" = ").append(hidden ? "(hidden)" : file_value(spec, effective));
    line.resize(std::max(line.size(), kOriginColumn), ' ');
    page += line + "  # " + origin(spec, given, effective) + (spec.restart ? "; restart\n" : "\n");
  }
  return page;
}

std::string show_json(const Options& given, const Options& effective) {
  using Json = nlohmann::ordered_json;
  Json rows = Json::array();
  for (const OptionSpec& spec : option_table()) {
    const std::string value = value_text(spec, effective);
    const auto place = given.places.find(spec.name);
    Json row;
    row["name"] = spec.name;
    row["value"] = spec.secret && !value.empty() ? Json(nullptr) : Json(value);
    row["default"] = spec.standard;
    row["source"] = source_name(given.source(spec.name));
    row["place"] = place == given.places.end() ? Json(nullptr) : Json(place->second);
    row["automatic"] = is_automatic(spec, given, effective);
    row["restart"] = spec.restart;
    rows.push_back(std::move(row));
  }
  return Json{{"options", std::move(rows)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cellblock::config
