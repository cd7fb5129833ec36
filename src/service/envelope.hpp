// The contract's JSON answer to an execution.
#pragma once

#include <string>
#include <string_view>

#include "engine/execution.hpp"

namespace cellblock::service {

// The full envelope for a script that ran or was at fault; {"error","status"} when the service is
// overloaded; {"error","id"} and never a detail when the service itself failed.
//
// Precondition: outcome.result_json is JSON text; it is spliced in as it stands, and copied only once,
// because it may be megabytes. Other strings that are not UTF-8 get replacement characters.
[[nodiscard]] std::string envelope_json(const engine::Outcome& outcome, std::string_view id);

}  // namespace cellblock::service
