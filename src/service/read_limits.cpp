#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>

#include "service/request_reading.hpp"

namespace cellblock::service {
namespace {

namespace ondemand = simdjson::ondemand;

std::string known_limits() {
  std::string names;
  for (const LimitField& field : kLimitFields) names += (names.empty() ? "" : ", ") + std::string(field.name);
  return names;
}

// What came in place of a number.
std::string instead_of(ondemand::value& value) {
  ondemand::json_type found{};
  if (value.type().get(found) != simdjson::SUCCESS) return {};
  switch (found) {
    case ondemand::json_type::string:
      return ", not a string";
    case ondemand::json_type::boolean:
      return ", not a boolean";
    case ondemand::json_type::array:
      return ", not an array";
    case ondemand::json_type::object:
      return ", not an object";
    default:
      return {};
  }
}

}  // namespace

Taken take_limits(Reading& reading, ondemand::value& value) {
  ondemand::object object;
  if (!is_kind(value, ondemand::json_type::object) || value.get_object().get(object) != simdjson::SUCCESS) {
    return must_be("limits", "an object");
  }
  std::bitset<kLimitFieldCount> seen;
  for (auto item : object) {
    std::string_view name;
    ondemand::value number;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS ||
        item.value().get(number) != simdjson::SUCCESS) {
      return invalid_request("Request body is not valid JSON");
    }
    std::size_t index = 0;
    while (index < kLimitFields.size() && kLimitFields[index].name != name) ++index;
    if (index == kLimitFields.size()) {
      return invalid_request("Unknown limit '" + shown(name) + "'; known are " + known_limits());
    }
    if (seen.test(index)) return invalid_request("Field 'limits." + std::string(name) + "' is given twice");
    seen.set(index);
    if (is_kind(number, ondemand::json_type::null)) continue;
    double asked = 0;
    if (!is_kind(number, ondemand::json_type::number) ||
        number.get_double().get(asked) != simdjson::SUCCESS) {
      return invalid_request("Field 'limits." + std::string(name) + "' must be a positive " +
                             (kLimitFields[index].fractional ? "number" : "whole number") +
                             instead_of(number));
    }
    reading.limits[index] = asked;
  }
  return {};
}

}  // namespace cellblock::service
