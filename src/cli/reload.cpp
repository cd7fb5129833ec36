#include "cli/reload.hpp"

#include <unistd.h>

#include "cli/host.hpp"
#include "cli/setup.hpp"
#include "config/reload.hpp"
#include "config/text.hpp"

namespace cellblock::cli {

telemetry::Level log_level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::kDebug:
      return telemetry::Level::kDebug;
    case config::LogLevel::kInfo:
      return telemetry::Level::kInfo;
    case config::LogLevel::kWarn:
      return telemetry::Level::kWarn;
    case config::LogLevel::kError:
      return telemetry::Level::kError;
  }
  return telemetry::Level::kInfo;
}

engine::Policy policy_of(config::Policy policy) {
  return policy == config::Policy::kStrict ? engine::Policy::kStrict : engine::Policy::kSandbox;
}

namespace {

bool refused(telemetry::Log& log) {
  // Who wrote the file was root; who reads it now is not.
  log.error("reload refused", {{"means", "the configuration stays as it was"}, {"read_as_uid", ::geteuid()}});
  return false;
}

}  // namespace

bool reload(const Reread& reread, sandbox::Level level, Reloadable parts, config::Options& running) {
  const auto wanted = reread();
  if (!wanted) {
    for (const std::string& problem : wanted.error()) parts.log.error("reload", {{"problem", problem}});
    return refused(parts.log);
  }
  if (const auto renewed = parts.renew_files(); !renewed) {
    parts.log.error("reload", {{"problem", renewed.error().message()}});
    return refused(parts.log);
  }
  const config::Reloaded told = config::take_over(at_level(*wanted, level), running);
  parts.service.set_bounds({limits_from(running), policy_of(running.policy)});
  parts.engine.set_max_queued(running.max_queued);
  for (const std::string& warning : wanted->warnings) parts.log.warn("configuration", {{"problem", warning}});
  const auto say = [&] {
    parts.log.info("reloaded", {{"changed", config::joined(told.changed, "; ")},
                                {"needs_restart", config::joined(told.waiting, "; ")}});
  };
  // At whichever of the two levels shows more: who silences the log sees that it was done.
  const bool shown = parts.log.enabled(telemetry::Level::kInfo);
  if (shown) say();
  parts.log.set_level(log_level_of(running.log_level));
  if (!shown) say();
  return true;
}

}  // namespace cellblock::cli
