// An nsjail configuration, taken for what it comes to here: options of cellblock's with their values, and a
// finding for each field. Only what the file says counts; nsjail's defaults are for another program.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nsjail/finding.hpp"
#include "nsjail/surroundings.hpp"

namespace cellblock::nsjail {

struct SandboxConfig {
  std::vector<Finding> findings;
  // By option, as the option table reads them; several for a list.
  std::map<std::string, std::vector<std::string>, std::less<>> values;

  // No finding is an error.
  [[nodiscard]] bool usable() const;
};

[[nodiscard]] SandboxConfig read_sandbox_config(std::string_view text, const Surroundings& surroundings);

}  // namespace cellblock::nsjail
