// The JSON object that the body of a request has to be.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string_view>

#include "protocol/json_check.hpp"
#include "service/request_fault.hpp"

namespace cellblock::service {

// Calls `read` with the object of `body`, which is valid only until it returns, and returns what it returned:
// a Parsed<T>. A fault instead when the body is no JSON, nested deeper than `most_nesting`, or no object.
template <typename Read>
[[nodiscard]] auto read_object(std::string_view body, std::size_t most_nesting, Read read)
    -> decltype(read(std::declval<simdjson::ondemand::object&>())) {
  if (const auto checked = protocol::check_json(body, most_nesting, protocol::Numbers::kThatPythonTakes);
      !checked) {
    return invalid_request("Request body is not valid JSON: " + checked.error());
  }
  const simdjson::padded_string padded(body);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return invalid_request("Request body must be a JSON object");
  }
  return read(object);
}

}  // namespace cellblock::service
