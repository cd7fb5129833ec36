#include "config/option_rows.hpp"

namespace cellblock::config {
namespace {

constexpr std::string_view kLogs = "Logs";

}  // namespace

std::vector<OptionSpec> log_rows() {
  return {
      {.name = "log-level",
       .target = &Options::log_level,
       .standard = "info",
       .choices = {"debug", "info", "warn", "error"},
       .restart = false,
       .group = kLogs,
       .help = "Least severe messages that are logged"},
      {.name = "environment",
       .target = &Options::environment,
       .standard = "development",
       .choices = {"development", "production"},
       .environment = {"ENVIRONMENT", "CELLBLOCK_ENVIRONMENT"},
       .lenient_environment = true,
       .group = kLogs,
       .help = "production writes logs as JSON"},
  };
}

}  // namespace cellblock::config
