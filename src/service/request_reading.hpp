// How the fields of an execution are read: each by a function that checks its type and notes what it asks
// for.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "engine/execution.hpp"
#include "service/execute_request.hpp"
#include "service/request_fault.hpp"
#include "service/requested_limits.hpp"

namespace cellblock::service {

using Taken = Parsed<void>;

// What the reading of one body has found so far.
struct Reading {
  const RequestBounds& bounds;
  engine::Job job;
  RequestedLimits limits;
  bool has_script = false;
  std::optional<std::string> unknown_field;  // the first one
};

// The fault "Field 'FIELD' must be TYPE".
[[nodiscard]] inline Taken must_be(std::string_view field, std::string_view type) {
  return invalid_request("Field '" + std::string(field) + "' must be " + std::string(type));
}

[[nodiscard]] inline bool is_kind(simdjson::ondemand::value& value, simdjson::ondemand::json_type kind) {
  simdjson::ondemand::json_type found{};
  return value.type().get(found) == simdjson::SUCCESS && found == kind;
}

// Those with fields of their own.
Taken take_files(Reading& reading, simdjson::ondemand::value& value);
Taken take_limits(Reading& reading, simdjson::ondemand::value& value);
Taken take_display(Reading& reading, simdjson::ondemand::value& value);

}  // namespace cellblock::service
