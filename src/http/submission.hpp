// One request's way into the service, with the memory that it takes on its account.
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "base/byte_budget.hpp"
#include "service/execution_service.hpp"

namespace cellblock::http {

// Submits the body of an execution. `memory` is the account that the body is on already; it is kept by the
// job. Without room to parse the body, or with a body that is refused, the outcome is there at once and
// `done` is not called.
[[nodiscard]] tl::expected<engine::Ticket, engine::Outcome> submit(
    service::ExecutionService& service, const std::shared_ptr<base::Lease>& memory, std::string body,
    std::string id, engine::Completion done, service::Origin origin, engine::Listener listener = {});

}  // namespace cellblock::http
