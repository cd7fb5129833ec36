#include "config/options.hpp"

#include <algorithm>
#include <utility>

namespace cellblock::config {

std::string_view source_name(Source source) {
  switch (source) {
    case Source::kDefault:
      return "default";
    case Source::kFile:
      return "file";
    case Source::kEnvironment:
      return "environment";
    case Source::kFlag:
      return "flag";
  }
  return "default";
}

Source Options::source(std::string_view name) const {
  const auto found = sources.find(name);
  return found == sources.end() ? Source::kDefault : found->second;
}

Options with_automatic_values(Options options, std::uint32_t cpu_count) {
  // A host that does not tell its CPU count says 0.
  cpu_count = std::max(cpu_count, 1U);
  if (options.max_executions == 0) options.max_executions = std::max(32 * cpu_count, 64U);
  if (options.pool_size == 0) options.pool_size = 32 * cpu_count;
  if (options.threads == 0) options.threads = std::max(cpu_count, 2U);
  return options;
}

}  // namespace cellblock::config
