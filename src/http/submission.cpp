#include "http/submission.hpp"

#include <utility>

#include "service/execute_request.hpp"

namespace cellblock::http {

tl::expected<engine::Ticket, engine::Outcome> submit(service::ExecutionService& service,
                                                     const std::shared_ptr<base::Lease>& memory,
                                                     std::string body, std::string id,
                                                     engine::Completion done, service::Origin origin,
                                                     engine::Listener listener) {
  const std::uint64_t size = body.size();
  if (size > base::Lease::kFreeBytes && !memory->resize(size * service::kParseFactor)) {
    engine::Outcome outcome;
    outcome.status = engine::Status::kOverloaded;
    outcome.error = "No memory is left for a request of this size";
    outcome.retry_after = service.retry_after();
    return tl::make_unexpected(std::move(outcome));
  }
  auto ticket = service.submit(
      body, std::move(id),
      [memory, done = std::move(done)](engine::Outcome outcome) { done(std::move(outcome)); },
      std::move(origin), std::move(listener));
  // The job has its own copy, and has another one while it is sent to its cell.
  body = {};
  static_cast<void>(memory->resize(ticket ? 2 * size : 0));
  return ticket;
}

}  // namespace cellblock::http
