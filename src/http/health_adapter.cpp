#include "http/health_adapter.hpp"

#include <nlohmann/json.hpp>

namespace cellblock::http {
namespace {

using Json = nlohmann::ordered_json;

Reply json_reply(bhttp::status status, const Json& json) {
  Reply reply;
  reply.status = status;
  reply.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return reply;
}

Json isolation_json(const service::IsolationInfo& isolation) {
  Json walls = Json::object();
  for (const service::Wall& wall : isolation.walls) {
    walls[wall.name] = {{"stands", wall.stands}, {"means", wall.means}};
  }
  return {{"level", isolation.level}, {"walls", std::move(walls)}};
}

}  // namespace

// The backend's reason stays in the log: it may name paths of the host.
Reply health_reply(const service::ServiceSettings& settings, const service::Health& health) {
  Json json;
  json["status"] = health.able ? "healthy" : "unhealthy";
  json["ok"] = health.able;
  if (!health.able) json["error"] = "No cell can be made; the service's log says why";
  json["service"] = "cellblock";
  json["version"] = settings.version;
  json["isolation"] = isolation_json(settings.isolation);
  json["security"] = health.security;
  json["features"] = service::kFeatures;
  json["pool"] = {
      {"ready", health.pool.ready}, {"running", health.pool.running}, {"queued", health.pool.queued}};
  return json_reply(health.able ? bhttp::status::ok : bhttp::status::service_unavailable, json);
}

Reply readiness_reply(const service::Health& health) {
  if (health.ready) return json_reply(bhttp::status::ok, {{"status", "ready"}});
  Reply reply =
      error_reply(bhttp::status::service_unavailable,
                  health.draining ? "The service is shutting down" : "No cell is ready", "not_ready");
  reply.reason.clear();  // it is what was asked for
  reply.retry_after = std::chrono::seconds(1);
  return reply;
}

Reply version_reply(const service::ServiceSettings& settings) {
  Json libraries = Json::object();
  for (const auto& [name, number] : settings.libraries) libraries[name] = number;
  Json json;
  json["service"] = "cellblock";
  json["version"] = settings.version;
  json["python"] = settings.python_version;
  json["libraries"] = std::move(libraries);
  return json_reply(bhttp::status::ok, json);
}

net::awaitable<Reply> health(Exchange& exchange) {
  co_return health_reply(exchange.service.settings(), exchange.service.health());
}

net::awaitable<Reply> liveness(Exchange&) {
  co_return json_reply(bhttp::status::ok, {{"status", "ok"}});
}

net::awaitable<Reply> readiness(Exchange& exchange) {
  co_return readiness_reply(exchange.service.health());
}

net::awaitable<Reply> metrics(Exchange& exchange) {
  if (!exchange.service.settings().metrics) {
    co_return error_reply(bhttp::status::not_found, "No figures are kept here", "not_found");
  }
  Reply reply;
  reply.body = exchange.service.metrics();
  reply.content_type = exchange.service.settings().metrics_type;
  co_return reply;
}

net::awaitable<Reply> version(Exchange& exchange) {
  co_return version_reply(exchange.service.settings());
}

}  // namespace cellblock::http
