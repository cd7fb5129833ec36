#include "config/reference.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "config/option_table.hpp"
#include "config/text.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

constexpr std::string_view kIntroduction =
    "# Configuration\n"
    "\n"
    "<!-- Generated from the option table in src/config/*_options.cpp; do not edit. -->\n"
    "\n"
    "Each option can be given as a flag, as a variable of the environment, or as a line `name = value` in "
    "the\n"
    "TOML file that `--config` or `CELLBLOCK_CONFIG` names. A flag wins over the environment, the "
    "environment "
    "over\n"
    "the file, the file over what `sandbox-config` names, and that over the default. Where several "
    "variables\n"
    "are listed, the first that is set counts.\n"
    "An empty variable counts as not set, except for lists, where it means the empty list.\n"
    "\n"
    "Sizes may carry `KB`, `MB` or `GB`, times `s` or `ms`; a plain number is in the unit of the default.\n"
    "Lists are separated by commas. The file is [TOML](https://toml.io) without tables: what is no number "
    "and\n"
    "no `true` or `false` stands in quotes, as `time-limit = \"30 s\"`, and lists may be arrays of texts.\n"
    "Everything that is wrong is reported at once, and the program does not start. A variable that begins "
    "with\n"
    "`CELLBLOCK_` and is not known, and an `ENVIRONMENT` of another program's, only get a warning.\n"
    "`cellblock config show` prints every value, where it came from, and whether a change needs a restart.\n"
    "\n"
    "On SIGHUP the service reads the file again. What needs no restart is in force for the next request; the "
    "log names\n"
    "what has changed and what waits for a restart. A file with an error changes nothing. After its start "
    "the service is\n"
    "an unprivileged user, so the file must be readable by everybody.\n";

std::string row_text(const OptionSpec& spec) {
  std::string variables;
  for (const auto& name : environment_names(spec))
    variables += (variables.empty() ? "`" : ", `") + name + "`";
  return "| `" + std::string(spec.name) + "` | " + variables + " | " + default_text(spec) + " | " +
         allowed_text(spec) + " | " + (spec.restart ? "yes" : "no") + " | " + std::string(spec.help) + " |\n";
}

std::vector<std::string_view> groups() {
  std::vector<std::string_view> names;
  for (const OptionSpec& spec : option_table()) {
    if (std::find(names.begin(), names.end(), spec.group) == names.end()) names.push_back(spec.group);
  }
  return names;
}

}  // namespace

std::string reference_page() {
  std::string page(kIntroduction);
  for (const auto group : groups()) {
    page += "\n## " + std::string(group) + "\n\n";
    page += "| option | environment | default | allowed | restart | meaning |\n";
    page += "| --- | --- | --- | --- | --- | --- |\n";
    for (const OptionSpec& spec : option_table()) {
      if (spec.group == group) page += row_text(spec);
    }
  }
  return page;
}

}  // namespace cellblock::config
