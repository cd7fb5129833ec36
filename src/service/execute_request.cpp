#include "service/execute_request.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "service/request_object.hpp"
#include "service/request_reading.hpp"

namespace cellblock::service {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kMaxNesting = 200;
constexpr std::string_view kScriptRequired = "Field 'script' is required and must be a string";

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
