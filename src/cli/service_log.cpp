#include "cli/service_log.hpp"

#include <numeric>
#include <string>

#include "version.hpp"

namespace cellblock::cli {
namespace {

std::size_t bytes_of(const std::vector<engine::File>& files) {
  return std::accumulate(files.begin(), files.end(), std::size_t{0},
                         [](std::size_t sum, const engine::File& file) { return sum + file.content.size(); });
}

}  // namespace

void log_execution(telemetry::Log& log, const service::Ended& ended) {
  const auto& [id, origin, outcome, script_bytes] = ended;
  const bool ours = outcome.status == engine::Status::kInternalError;
  if (!ours && !log.enabled(telemetry::Level::kInfo)) return;
  const service::Span span = service::span_of(origin, id);
  log.write(ours ? telemetry::Level::kError : telemetry::Level::kInfo, "execution",
            {{"id", std::string(id)},
             {"request_id", origin.request_id},
             {"client", origin.client},
             {"key", origin.caller},
             {"status", std::string(engine::status_name(outcome.status))},
             {"queue_ms", outcome.queue_ms},
             {"wall_ms", outcome.usage.wall_ms},
             {"cpu_ms", outcome.usage.cpu_ms},
             {"memory_peak_kb", outcome.usage.memory_peak_kb},
             {"script_bytes", script_bytes},
             // What stands there for the result of a script that has none is no result.
             {"result_bytes", outcome.status == engine::Status::kOk ? outcome.result_json.size() : 0},
             {"stdout_bytes", outcome.stdout_text.size()},
             {"stderr_bytes", outcome.stderr_text.size()},
             {"files", outcome.files.size()},
             {"files_bytes", bytes_of(outcome.files)},
             {"trace_id", span.trace_id},
             {"span_id", span.span_id},
             {"parent_span_id", span.parent_id},
             {"trace_flags", span.flags},
             {"detail", outcome.detail}});
}

void log_refusal(telemetry::Log& log, const http::Answered& answered) {
  log.info("refused", {{"request_id", std::string(answered.request_id)},
                       {"id", std::string(answered.id)},
                       {"route", std::string(answered.route)},
                       {"code", answered.code},
                       {"reason", std::string(answered.reason)},
                       {"client", std::string(answered.client)}});
}

void log_replay(telemetry::Log& log, const http::Answered& answered) {
  log.info("replayed", {{"request_id", std::string(answered.request_id)},
                        {"id", std::string(answered.id)},
                        {"route", std::string(answered.route)},
                        {"code", answered.code},
                        {"client", std::string(answered.client)}});
}

void log_request(telemetry::Log& log, const http::Served& served) {
  if (!log.enabled(telemetry::Level::kDebug)) return;
  log.write(telemetry::Level::kDebug, "request",
            {{"request_id", std::string(served.request_id)},
             {"method", std::string(served.method)},
             {"path", std::string(served.path)},
             {"code", served.code},
             {"bytes_in", served.bytes_in},
             {"bytes_out", served.bytes_out},
             {"ms", served.ms},
             {"client", std::string(served.client)}});
}

namespace {

// Below level full, so that nobody has to look for it: what is missing, what came with that, and the way out.
void log_weak_level(telemetry::Log& log, const config::Options& options,
                    const service::ServiceSettings& settings) {
  std::string missing;
  for (const service::Wall& wall : settings.isolation.walls) {
    if (!wall.stands) missing += (missing.empty() ? "" : ",") + wall.name;
  }
  const bool none = settings.isolation.level == "none";
  log.warn("weak isolation",
           {{"isolation", settings.isolation.level},
            {"means",
             none ? "NO ISOLATION: scripts run with the rights of the service; run only code that you trust"
                  : "scripts run behind fewer walls; do not run hostile code here"},
            {"missing", missing},
            {"policy", options.policy == config::Policy::kStrict ? "strict" : "sandbox"},
            {"fix", "cellblock doctor says how to get each wall"}});
}

}  // namespace

void log_start(telemetry::Log& log, const config::Options& options, const service::ServiceSettings& settings,
               std::uint16_t port) {
  log.info("started", {{"version", std::string(kVersion)},
                       {"address", options.host + ":" + std::to_string(port)},
                       {"isolation", settings.isolation.level},
                       {"python", settings.python_version},
                       {"max_executions", options.max_executions},
                       {"pool_size", options.pool_size}});
  if (settings.isolation.level != "full") log_weak_level(log, options, settings);
  for (const service::Wall& wall : settings.isolation.walls) {
    log.info("wall", {{"name", wall.name}, {"stands", wall.stands ? "yes" : "no"}, {"means", wall.means}});
  }
}

}  // namespace cellblock::cli
