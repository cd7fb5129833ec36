// A second reading of the configuration, while the service runs.
#pragma once

#include <string>
#include <vector>

#include "config/options.hpp"

namespace cellblock::config {

// Each entry is "time-limit: 30 s -> 10 s".
struct Reloaded {
  std::vector<std::string> changed;  // in force now
  std::vector<std::string> waiting;  // differs, and takes effect at the next start
};

// Takes over into `running` what the option table allows to change without a restart, and says what differs.
// Both must have their automatic values.
[[nodiscard]] Reloaded take_over(const Options& wanted, Options& running);

}  // namespace cellblock::config
