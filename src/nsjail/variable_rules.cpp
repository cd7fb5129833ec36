// envar: NAME=VALUE, or a NAME alone, whose value nsjail takes from its own environment.
#include "config/cell_variables.hpp"
#include "nsjail/reading.hpp"

namespace cellblock::nsjail {
namespace {

void refuse_to_inherit(Reading& reading, const Place& place, const std::string& name) {
  const auto own = config::own_value_of(name);
  const std::string otherwise =
      own ? "; cells have " + name + "=" + std::string(*own) + " without it" : std::string();
  reading.add(place, Outcome::kRefused,
              "takes the value from the service's own environment, which is not for scripts: write " + name +
                  "=VALUE" + otherwise);
}

}  // namespace

void read_variable(Reading& reading, const Place& place) {
  const std::string text =
      place.message->GetReflection()->GetRepeatedString(*place.message, place.field, place.index);
  const auto equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (!config::is_variable(equals == std::string::npos ? text + "=" : text)) {
    return reading.add(
        place, Outcome::kWrong,
        "must be NAME=VALUE, of UTF-8 and 4096 bytes at most; a name has letters, digits and underscores");
  }
  if (equals == std::string::npos) return refuse_to_inherit(reading, place, name);
  if (config::own_value_of(name) == text.substr(equals + 1)) {
    return reading.add(place, Outcome::kAlreadySo, "cells have " + text);
  }
  if (const auto refusal = config::why_not_variable(text)) {
    return reading.add(place, refusal->opens_a_wall ? Outcome::kRefused : Outcome::kNotSupported,
                       refusal->reason);
  }
  reading.append(place, "cell-environment", {text},
                 config::is_for_programs_only(name)
                     ? "for what scripts start; their own Python has its settings already"
                     : "");
}

}  // namespace cellblock::nsjail
