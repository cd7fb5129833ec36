// Whether clients need an API key, and for what.
#pragma once

#include <memory>

#include "http/api_keys.hpp"

namespace cellblock::http {

struct KeyRules {
  std::shared_ptr<const ApiKeys> keys{};  // empty: nobody needs one
  bool for_metrics = false;               // /metrics needs one too
};

}  // namespace cellblock::http
