#include "service/execution_service.hpp"

#include <algorithm>

namespace cellblock::service {
namespace {

std::string_view security_sentence(std::string_view level) {
  if (level == "full") return "Every script runs in a fresh cell behind all walls.";
  if (level == "restricted") {
    return "This host forbids new namespaces: scripts run behind fewer walls; do not run hostile code here.";
  }
  return "NO ISOLATION: scripts run with the rights of the service; run only code that you trust.";
}

}  // namespace

ExecutionService::ExecutionService(ServiceSettings settings, engine::Engine& engine)
    : settings_(std::move(settings)),
      bounds_(std::make_shared<const RequestBounds>(RequestBounds{settings_.limits, settings_.policy})),
      engine_(engine) {}

void ExecutionService::set_bounds(RequestBounds bounds) {
  auto fresh = std::make_shared<const RequestBounds>(bounds);
  const std::lock_guard lock(mutex_);
  bounds_.swap(fresh);
}

std::shared_ptr<const RequestBounds> ExecutionService::bounds() const {
  const std::lock_guard lock(mutex_);
  return bounds_;
}

tl::expected<engine::Ticket, engine::Outcome> ExecutionService::submit(std::string_view body, std::string id,
                                                                       engine::Completion done, Origin origin,
                                                                       engine::Listener listener) {
  auto job = parse_execute_request(body, *bounds());
  if (!job) {
    engine::Outcome refused;
    refused.status = job.error().status;
    refused.error = std::move(job.error().message);
    return tl::make_unexpected(std::move(refused));
  }
  job->id = id;
  job->caller = origin.account;
  job->pool = choose_pool(job->script, settings_.pools);
  if (!settings_.finished) return engine_.submit(std::move(*job), std::move(done), std::move(listener));
  const std::size_t script_bytes = job->script.size();
  return engine_.submit(
      std::move(*job),
      [finished = settings_.finished, id = std::move(id), origin = std::move(origin), done = std::move(done),
       script_bytes](engine::Outcome outcome) {
        finished({id, origin, outcome, script_bytes});
        done(std::move(outcome));
      },
      std::move(listener));
}

void ExecutionService::resume(engine::Ticket ticket) {
  engine_.resume(ticket);
}

void ExecutionService::cancel(engine::Ticket ticket) {
  engine_.cancel(ticket);
}

Health ExecutionService::health() const {
  Health health;
  health.pool = engine_.snapshot();
  health.able = health.pool.able;
  health.draining = health.pool.draining;
  // An empty stock does not make a working service unready: it is refilled all the time. But no script may
  // have to wait for the first cell of its pool.
  const auto& ready = health.pool.ready_of;
  const bool stocked = !ready.empty() && std::find(ready.begin(), ready.end(), 0U) == ready.end();
  health.ready = !health.draining && (stocked || health.able);
  health.security = security_sentence(settings_.isolation.level);
  return health;
}

}  // namespace cellblock::service
