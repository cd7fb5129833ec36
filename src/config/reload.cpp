#include "config/reload.hpp"

#include <variant>

#include "config/option_table.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

std::string shown(const OptionSpec& spec, const Options& options) {
  if (spec.secret) return "(hidden)";
  const std::string text = value_text(spec, options);
  return text.empty() ? "empty" : text;
}

}  // namespace

Reloaded take_over(const Options& wanted, Options& running) {
  Reloaded told;
  for (const OptionSpec& spec : option_table()) {
    if (value_text(spec, wanted) == value_text(spec, running)) continue;
    const std::string line =
        std::string(spec.name) + ": " + shown(spec, running) + " -> " + shown(spec, wanted);
    if (spec.restart) {
      told.waiting.push_back(line);
      continue;
    }
    std::visit([&](const auto member) { running.*member = wanted.*member; }, spec.target);
    told.changed.push_back(line);
  }
  return told;
}

}  // namespace cellblock::config
