#include <string_view>
#include <utility>

#include "service/request_reading.hpp"

namespace cellblock::service {
namespace {

namespace ondemand = simdjson::ondemand;

// The way in which figures come, in the object form.
Taken take_figures(Reading& reading, ondemand::value& value) {
  std::string_view form;
  if (!is_kind(value, ondemand::json_type::string) || value.get_string().get(form) != simdjson::SUCCESS ||
      (form != "png" && form != "svg")) {
    return must_be("display.figures", "\"png\" or \"svg\"");
  }
  reading.job.display = form == "svg" ? engine::DisplayMode::kSvg : engine::DisplayMode::kPng;
  return {};
}

}  // namespace

Taken take_display(Reading& reading, ondemand::value& value) {
  bool on = false;
  ondemand::object object;
  if (is_kind(value, ondemand::json_type::boolean) && value.get_bool().get(on) == simdjson::SUCCESS) {
    reading.job.display = on ? engine::DisplayMode::kPng : engine::DisplayMode::kOff;
    return {};
  }
  if (!is_kind(value, ondemand::json_type::object) || value.get_object().get(object) != simdjson::SUCCESS) {
    return must_be("display", "true, false or an object");
  }
  reading.job.display = engine::DisplayMode::kPng;
  bool seen = false;
  for (auto item : object) {
    std::string_view name;
    ondemand::value field;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS || item.value().get(field) != simdjson::SUCCESS) {
      return invalid_request("Request body is not valid JSON");
    }
    if (name != "figures") {
      return invalid_request("Unknown field '" + shown(name) + "' in 'display'; known is figures");
    }
    if (std::exchange(seen, true)) return invalid_request("Field 'display.figures' is given twice");
    if (auto taken = take_figures(reading, field); !taken) return taken;
  }
  return {};
}

}  // namespace cellblock::service
