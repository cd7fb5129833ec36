#include "engine/execution.hpp"

namespace cellblock::engine {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kMissingMain:
      return "missing_main";
    case Status::kSyntaxError:
      return "syntax_error";
    case Status::kException:
      return "exception";
    case Status::kInvalidResult:
      return "invalid_result";
    case Status::kTimeout:
      return "timeout";
    case Status::kMemoryLimit:
      return "memory_limit";
    case Status::kCpuLimit:
      return "cpu_limit";
    case Status::kOutputLimit:
      return "output_limit";
    case Status::kResultTooLarge:
      return "result_too_large";
    case Status::kExited:
      return "exited";
    case Status::kKilled:
      return "killed";
    case Status::kPolicyViolation:
      return "policy_violation";
    case Status::kScriptTooLarge:
      return "script_too_large";
    case Status::kInvalidRequest:
      return "invalid_request";
    case Status::kOverloaded:
      return "overloaded";
    case Status::kCancelled:
      return "cancelled";
    case Status::kInternalError:
      return "internal_error";
  }
  return "internal_error";
}

}  // namespace cellblock::engine
