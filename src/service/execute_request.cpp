#include "service/execute_request.hpp"

#include <simdjson.h>

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "service/request_files.hpp"
#include "service/request_object.hpp"
#include "service/requested_limits.hpp"

namespace cellblock::service {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kMaxNesting = 200;
constexpr std::string_view kScriptRequired = "Field 'script' is required and must be a string";

using Taken = Parsed<void>;

// What the reading of one body has found so far.
struct Reading {
  const RequestBounds& bounds;
  engine::Job job;
  RequestedLimits limits;
  bool has_script = false;
  std::optional<std::string> unknown_field;  // the first one
};

Taken must_be(std::string_view field, std::string_view type) {
  return invalid_request("Field '" + std::string(field) + "' must be " + std::string(type));
}

bool is_kind(ondemand::value& value, ondemand::json_type kind) {
  ondemand::json_type found{};
  return value.type().get(found) == simdjson::SUCCESS && found == kind;
}

// For an array or an object, which goes on to the cell as the client wrote it.
template <typename Container>
Taken take_raw(Container& container, std::string& target) {
  std::string_view text;
  if (container.raw_json().get(text) != simdjson::SUCCESS) {
    return invalid_request("Request body is not valid JSON");
  }
  target.assign(text);
  return {};
}

Taken take_script(Reading& reading, ondemand::value& value) {
  std::string_view text;
  if (!is_kind(value, ondemand::json_type::string) || value.get_string().get(text) != simdjson::SUCCESS) {
    return invalid_request(std::string(kScriptRequired));
  }
  if (text.empty()) return invalid_request(std::string(kScriptRequired) + " that is not empty");
  const std::uint64_t limit = reading.bounds.limits.script_bytes;
  if (text.size() > limit) {
    return tl::make_unexpected(
        RequestFault{engine::Status::kScriptTooLarge, "Invalid script size: " + std::to_string(text.size()) +
                                                          " bytes (limit " + std::to_string(limit) + ")"});
  }
  reading.job.script.assign(text);
  reading.has_script = true;
  return {};
}

Taken take_args(Reading& reading, ondemand::value& value) {
  ondemand::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) return must_be("args", "an array");
  return take_raw(items, reading.job.args_json);
}

Taken take_kwargs(Reading& reading, ondemand::value& value) {
  ondemand::object fields;
  if (value.get_object().get(fields) != simdjson::SUCCESS) return must_be("kwargs", "an object");
  // main() can't get two values under one name, and which one is meant nobody can tell.
  std::set<std::string> names;
  for (auto item : fields) {
    std::string_view name;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS)
      return invalid_request("Request body is not valid JSON");
    if (!names.emplace(name).second) {
      return invalid_request("Field 'kwargs." + shown(name) + "' is given twice");
    }
  }
  bool any = false;
  if (fields.reset().get(any) != simdjson::SUCCESS) return invalid_request("Request body is not valid JSON");
  return take_raw(fields, reading.job.kwargs_json);
}

Taken take_stdin(Reading& reading, ondemand::value& value) {
  std::string_view text;
  if (!is_kind(value, ondemand::json_type::string) || value.get_string().get(text) != simdjson::SUCCESS) {
    return must_be("stdin", "a string");
  }
  reading.job.stdin_text.assign(text);
  return {};
}

Taken take_policy(Reading& reading, ondemand::value& value) {
  std::string_view name;
  if (!is_kind(value, ondemand::json_type::string) || value.get_string().get(name) != simdjson::SUCCESS ||
      (name != "sandbox" && name != "strict")) {
    return must_be("policy", "\"sandbox\" or \"strict\"");
  }
  const auto asked = name == "strict" ? engine::Policy::kStrict : engine::Policy::kSandbox;
  if (asked < reading.bounds.policy) {
    return invalid_request("Policy 'sandbox' is looser than the policy 'strict' of this service");
  }
  reading.job.policy = asked;
  return {};
}

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

// One field of an entry, which must be a string.
Taken take_text(std::string_view name, ondemand::value& value, std::optional<std::string_view>& target) {
  std::string_view text;
  if (!is_kind(value, ondemand::json_type::string) || value.get_string().get(text) != simdjson::SUCCESS) {
    return must_be("files[]." + std::string(name), "a string");
  }
  if (target) return invalid_request("Field 'files[]." + std::string(name) + "' is given twice");
  target = text;
  return {};
}

Taken take_file(RequestFiles& files, ondemand::value& value) {
  ondemand::object object;
  if (!is_kind(value, ondemand::json_type::object) || value.get_object().get(object) != simdjson::SUCCESS) {
    return must_be("files", "an array of objects");
  }
  RequestFile entry;
  for (auto item : object) {
    std::string_view name;
    ondemand::value field;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS || item.value().get(field) != simdjson::SUCCESS) {
      return invalid_request("Request body is not valid JSON");
    }
    auto* target = name == "path"             ? &entry.path
                   : name == "content"        ? &entry.text
                   : name == "content_base64" ? &entry.base64
                                              : nullptr;
    if (target == nullptr) {
      return invalid_request("Unknown field '" + shown(name) +
                             "' in 'files'; known are path, content, content_base64");
    }
    if (auto taken = take_text(name, field, *target); !taken) return taken;
  }
  return files.add(entry);
}

Taken take_files(Reading& reading, ondemand::value& value) {
  ondemand::array items;
  if (!is_kind(value, ondemand::json_type::array) || value.get_array().get(items) != simdjson::SUCCESS) {
    return must_be("files", "an array of objects");
  }
  RequestFiles files(reading.bounds.limits.files_bytes);
  for (auto item : items) {
    ondemand::value entry;
    if (item.get(entry) != simdjson::SUCCESS) return invalid_request("Request body is not valid JSON");
    if (auto taken = take_file(files, entry); !taken) return taken;
  }
  auto taken = std::move(files).take();
  if (!taken) return tl::make_unexpected(std::move(taken.error()));
  reading.job.files = std::move(*taken);
  return {};
}

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

struct Field {
  std::string_view name;
  Taken (*take)(Reading&, ondemand::value&);
  bool nullable;  // null counts as absent
};

constexpr std::array kFields{
    Field{"script", take_script, false}, Field{"args", take_args, true},
    Field{"kwargs", take_kwargs, true},  Field{"stdin", take_stdin, true},
    Field{"files", take_files, true},    Field{"limits", take_limits, true},
    Field{"policy", take_policy, true},  Field{"display", take_display, true},
};

std::string known_fields() {
  std::string names;
  for (const Field& field : kFields) names += (names.empty() ? "" : ", ") + std::string(field.name);
  return names;
}

Taken read_fields(Reading& reading, ondemand::object& object) {
  std::bitset<kFields.size()> seen;
  for (auto item : object) {
    std::string_view name;
    ondemand::value value;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS) {
      return invalid_request("Request body is not valid JSON");
    }
    std::size_t index = 0;
    while (index < kFields.size() && kFields[index].name != name) ++index;
    if (index == kFields.size()) {
      if (!reading.unknown_field) reading.unknown_field = shown(name);
      continue;
    }
    if (seen.test(index)) return invalid_request("Field '" + std::string(name) + "' is given twice");
    seen.set(index);
    if (kFields[index].nullable && is_kind(value, ondemand::json_type::null)) continue;
    if (auto taken = kFields[index].take(reading, value); !taken) return taken;
  }
  return {};
}

Parsed<engine::Job> job_of(ondemand::object& object, const RequestBounds& bounds) {
  Reading reading{bounds, {}, {}, false, {}};
  reading.job.policy = bounds.policy;
  if (auto read = read_fields(reading, object); !read) return tl::make_unexpected(std::move(read.error()));
  if (!reading.has_script) {
    std::string message(kScriptRequired);
    if (reading.unknown_field) message += "; unknown field '" + *reading.unknown_field + "'";
    return invalid_request(std::move(message));
  }
  if (reading.unknown_field) {
    return invalid_request("Unknown field '" + *reading.unknown_field + "'; known are " + known_fields());
  }
  auto limits = resolve_limits(reading.limits, bounds.limits);
  if (!limits) return tl::make_unexpected(std::move(limits.error()));
  reading.job.limits = *limits;
  return std::move(reading.job);
}

}  // namespace

Parsed<engine::Job> parse_execute_request(std::string_view body, const RequestBounds& bounds) {
  return read_object(body, kMaxNesting,
                     [&bounds](ondemand::object& object) { return job_of(object, bounds); });
}

}  // namespace cellblock::service
