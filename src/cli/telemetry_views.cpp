#include "cli/telemetry_views.hpp"

#include "version.hpp"

namespace cellblock::cli {

telemetry::Execution execution_of(const engine::Outcome& outcome) {
  constexpr double kMilli = 1e-3;
  telemetry::Execution execution;
  execution.status = engine::status_name(outcome.status);
  execution.queued_s = outcome.queue_ms * kMilli;
  execution.run_s = outcome.usage.wall_ms * kMilli;
  execution.cpu_s = outcome.usage.cpu_ms * kMilli;
  execution.memory_peak_bytes = outcome.usage.memory_peak_kb << 10U;
  for (const engine::Denial& denial : outcome.denied)
    execution.denials.emplace_back(denial.rule, denial.count);
  return execution;
}

telemetry::Gauges gauges_of(const engine::Snapshot& now, const Pools& pools) {
  telemetry::Gauges gauges;
  for (std::size_t pool = 0; pool < now.ready_of.size() && pool < pools.names.size(); ++pool) {
    gauges.ready.emplace_back(pools.names[pool], now.ready_of[pool]);
  }
  gauges.running = now.running;
  gauges.queued = now.queued;
  gauges.able = now.able;
  gauges.accepting = now.able && !now.draining;
  return gauges;
}

telemetry::BuildInfo build_info(const service::ServiceSettings& settings) {
  telemetry::BuildInfo build;
  build.version = kVersion;
  build.python = settings.python_version;
  build.isolation = settings.isolation.level;
  for (const service::Wall& wall : settings.isolation.walls) build.walls.emplace_back(wall.name, wall.stands);
  for (unsigned status = 0; status <= static_cast<unsigned>(engine::Status::kInternalError); ++status) {
    build.statuses.push_back(engine::status_name(static_cast<engine::Status>(status)));
  }
  return build;
}

}  // namespace cellblock::cli
