// The HTTP server's options, from those of the service.
#pragma once

#include <memory>

#include "base/byte_budget.hpp"
#include "cli/pools.hpp"
#include "cli/secrets.hpp"
#include "config/options.hpp"
#include "http/server.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace cellblock::cli {

// What the server answers and refuses is logged and counted: `log` and `metrics` must outlive it.
http::ServerOptions server_options(const config::Options& options, const Pools& pools,
                                   std::shared_ptr<base::ByteBudget> budget, Secrets secrets,
                                   telemetry::Log& log, telemetry::Metrics& metrics);

}  // namespace cellblock::cli
