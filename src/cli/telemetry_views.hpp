// What the metrics show, from what the other parts know.
#pragma once

#include "cli/pools.hpp"
#include "engine/engine.hpp"
#include "engine/execution.hpp"
#include "service/execution_service.hpp"
#include "telemetry/metrics.hpp"

namespace cellblock::cli {

telemetry::Execution execution_of(const engine::Outcome& outcome);
// Of cells and executions; what the HTTP server knows is the caller's to add.
telemetry::Gauges gauges_of(const engine::Snapshot& now, const Pools& pools);
telemetry::BuildInfo build_info(const service::ServiceSettings& settings);

}  // namespace cellblock::cli
