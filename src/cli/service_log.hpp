// The lines of the service's log. Never a script, its output or its result: they are the clients'.
#pragma once

#include <cstdint>

#include "cli/host.hpp"
#include "config/options.hpp"
#include "http/options.hpp"
#include "service/execution_service.hpp"
#include "telemetry/log.hpp"

namespace cellblock::cli {

// An execution that has ended.
void log_execution(telemetry::Log& log, const service::Ended& ended);
// What was refused before it became an execution.
void log_refusal(telemetry::Log& log, const http::Answered& answered);
// An answer under an Idempotency-Key, once more: its execution has a line of its own.
void log_replay(telemetry::Log& log, const http::Answered& answered);
// Each HTTP request, for who looks closer.
void log_request(telemetry::Log& log, const http::Served& served);

// What runs, and which walls stand.
void log_start(telemetry::Log& log, const config::Options& options, const service::ServiceSettings& settings,
               std::uint16_t port);

}  // namespace cellblock::cli
