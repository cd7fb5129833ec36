#include "cli/server_options.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "cli/service_log.hpp"
#include "cli/setup.hpp"

namespace cellblock::cli {
namespace {

void refuse(telemetry::Log& log, telemetry::Metrics& metrics, const http::Answered& answered) {
  metrics.refused(answered.route, answered.code, answered.reason);
  // Of those that wait under one Idempotency-Key the first is counted.
  if (!answered.id.empty() && !answered.replayed) metrics.turned_away(answered.reason);
  log_refusal(log, answered);
}

}  // namespace

http::ServerOptions server_options(const config::Options& options, const Pools& pools,
                                   std::shared_ptr<base::ByteBudget> budget, Secrets secrets,
                                   telemetry::Log& log, telemetry::Metrics& metrics) {
  http::ServerOptions server;
  server.host = options.host;
  server.port = static_cast<std::uint16_t>(options.port);
  server.max_body_bytes = options.max_body_bytes;
  server.header_timeout = options.header_timeout;
  server.idle_timeout = options.idle_timeout;
  server.stall_timeout = options.stall_timeout;
  server.heartbeat = options.heartbeat;
  server.min_bytes_per_second = options.min_rate_bytes;
  server.budget = std::move(budget);
  server.replays = {options.idempotency_bytes, options.idempotency_entries, options.idempotency_expiry};
  server.batch_executions = options.batch_executions;
  server.hosts = options.allowed_hosts;
  server.origins = options.cors_origins;
  server.clients = {options.client_rate, std::max(options.client_burst, 1.0), options.client_executions};
  server.keys = {std::move(secrets.keys), options.metrics_key};
  server.tls = std::move(secrets.tls);
  server.max_connections = connections_that_fit(options, pools);
  server.max_requests = options.keepalive_requests;
  if (server.max_connections < options.max_connections) {
    log.warn("fewer connections than max-connections: the limit of open files allows no more",
             {{"connections", server.max_connections}});
  }
  server.threads = options.threads;
  server.log = [&log](std::string_view line) { log.warn("http", {{"message", std::string(line)}}); };
  server.answered = [&log, &metrics](const http::Answered& answered) {
    metrics.answered(answered.route, answered.code);
    if (!answered.reason.empty()) return refuse(log, metrics, answered);
    if (answered.replayed) log_replay(log, answered);
  };
  server.served = [&log](const http::Served& served) { log_request(log, served); };
  server.entry_refused = [&log, &metrics](const http::Answered& entry) { refuse(log, metrics, entry); };
  return server;
}

}  // namespace cellblock::cli
