// SIGHUP: the configuration read again, and handed to the parts that can change while the service runs.
#pragma once

#include <functional>

#include <tl/expected.hpp>

#include "config/config_file.hpp"
#include "config/options.hpp"
#include "engine/engine.hpp"
#include "sandbox/probe.hpp"
#include "service/execution_service.hpp"
#include "telemetry/log.hpp"

namespace cellblock::cli {

// Flags, environment and file once more, with the automatic values of the start.
using Reread = std::function<tl::expected<config::Options, config::Problems>()>;

struct Reloadable {
  telemetry::Log& log;
  service::ExecutionService& service;
  engine::Engine& engine;
  // Reads the files with keys and certificates again; takes all of them over, or none.
  std::function<base::Result<void>()> renew_files;
};

// Logs what changed and what waits for a restart, or everything that is wrong; then `running` stays as it is,
// and the answer is false.
[[nodiscard]] bool reload(const Reread& reread, sandbox::Level level, Reloadable parts,
                          config::Options& running);

[[nodiscard]] telemetry::Level log_level_of(config::LogLevel level);
[[nodiscard]] engine::Policy policy_of(config::Policy policy);

}  // namespace cellblock::cli
