// How a value that may hold bytes of a script becomes JSON text.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace cellblock::service {

// On one line. Bytes that are no UTF-8 become U+FFFD: they come from scripts, and dump() would throw.
inline std::string dumped(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace cellblock::service
