#include "engine/judge.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>

#include "engine/limit_text.hpp"

namespace cellblock::engine {
namespace {

constexpr std::chrono::seconds kShutdownRetry{1};
constexpr auto kShutdownError = "The service is shutting down";
constexpr auto kCancelledError = "The client cancelled the execution";

void fail(Outcome& outcome, Status status, std::string error) {
  outcome.status = status;
  outcome.error = std::move(error);
}

void fail_memory(Outcome& outcome, const Limits& limits) {
  fail(outcome, Status::kMemoryLimit,
       "Script exceeded the memory limit (" + size_text(limits.memory_bytes) + ")");
}

void fail_result_size(Outcome& outcome, const Limits& limits) {
  fail(outcome, Status::kResultTooLarge,
       "Result is too large (limit " + size_text(limits.result_bytes) + ")");
}

void fail_cpu(Outcome& outcome, const Limits& limits) {
  fail(outcome, Status::kCpuLimit, "Script exceeded the CPU time limit (" + seconds_text(limits.cpu) + ")");
}

void fail_forged(Outcome& outcome) {
  fail(outcome, Status::kKilled,
       "Script was killed by " + signal_text(SIGKILL) + " after writing to the service's own channel");
}

void fail_internal(Outcome& outcome, std::string detail) {
  fail(outcome, Status::kInternalError, "Internal error");
  outcome.detail = std::move(detail);
}

void judge_reason(Outcome& outcome, const Limits& limits, EndReason reason) {
  switch (reason) {
    case EndReason::kTimeout:
      return fail(outcome, Status::kTimeout,
                  "Script execution timed out (" + seconds_text(limits.wall) + " limit)");
    case EndReason::kCancelled:
      return fail(outcome, Status::kCancelled, kCancelledError);
    case EndReason::kShutdown:
      outcome.retry_after = kShutdownRetry;
      return fail(outcome, Status::kOverloaded, kShutdownError);
    case EndReason::kNone:
      return;
  }
}

void judge_claim(Outcome& outcome, const Limits& limits, Claim claim) {
  // About itself a script may say what it likes.
  std::move(claim.denied.begin(), claim.denied.end(), std::back_inserter(outcome.denied));
  outcome.files = std::move(claim.files);
  outcome.skipped_files = std::move(claim.skipped_files);
  switch (claim.status) {
    case Status::kOk:
      outcome.status = Status::kOk;
      outcome.result_json = std::move(claim.result_json);
      return;
    case Status::kMissingMain:
      return fail(outcome, claim.status, "Script must define a main() function");
    case Status::kMemoryLimit:
      fail_memory(outcome, limits);
      break;
    case Status::kResultTooLarge:
      return fail_result_size(outcome, limits);
    case Status::kSyntaxError:
    case Status::kException:
    case Status::kInvalidResult:
    case Status::kExited:
    case Status::kPolicyViolation:
    case Status::kInvalidRequest:
      fail(outcome, claim.status, claim.error.empty() ? "Script failed" : std::move(claim.error));
      break;
    default:
      // The runner never sends these: only bytes that it did not write can say so.
      return fail_forged(outcome);
  }
  outcome.exception = std::move(claim.exception);
}

void judge_exit(Outcome& outcome, const Limits& limits, const Exit& exit) {
  const bool sigkill = exit.signalled && exit.value == SIGKILL;
  const bool cpu_used_up = exit.cpu_ms >= static_cast<double>(limits.cpu.count());
  if (sigkill && exit.out_of_memory) return fail_memory(outcome, limits);
  if ((exit.signalled && exit.value == SIGXCPU) || (sigkill && cpu_used_up)) {
    return fail_cpu(outcome, limits);
  }
  if (exit.signalled) {
    return fail(outcome, Status::kKilled, "Script was killed by " + signal_text(exit.value));
  }
  fail(outcome, Status::kExited,
       "Script exited with code " + std::to_string(exit.value) + " before main() returned");
}

}  // namespace

Outcome judge(const Limits& limits, Report report, EndReason reason) {
  Outcome outcome;
  outcome.stdout_text = std::move(report.stdout_text);
  outcome.stderr_text = std::move(report.stderr_text);
  outcome.stdout_truncated = report.stdout_truncated;
  outcome.stderr_truncated = report.stderr_truncated;
  outcome.display = std::move(report.display);
  outcome.usage = report.usage;
  outcome.memory = std::move(report.memory);
  outcome.denied = std::move(report.denied);

  if (reason != EndReason::kNone) {
    judge_reason(outcome, limits, reason);
  } else if (report.no_room) {
    fail(outcome, Status::kOverloaded, "No memory is left for an answer of this size");
  } else if (report.result_too_large) {
    fail_result_size(outcome, limits);
  } else if (report.output_flood) {
    fail(outcome, Status::kOutputLimit,
         "Script exceeded the output limit (" + size_text(kOutputFloodBytes) + ")");
  } else if (report.cpu_used_up) {
    fail_cpu(outcome, limits);
  } else if (report.forged) {
    fail_forged(outcome);
  } else if (report.claim) {
    judge_claim(outcome, limits, std::move(*report.claim));
  } else if (report.exit) {
    judge_exit(outcome, limits, *report.exit);
  } else {
    fail_internal(outcome, report.broken.empty() ? "the backend gave no reason" : std::move(report.broken));
  }
  return outcome;
}

Outcome overloaded(std::string error, std::chrono::seconds retry_after) {
  Outcome outcome;
  fail(outcome, Status::kOverloaded, std::move(error));
  outcome.retry_after = retry_after;
  return outcome;
}

Outcome shutting_down() {
  return overloaded(kShutdownError, kShutdownRetry);
}

Outcome cancelled() {
  Outcome outcome;
  fail(outcome, Status::kCancelled, kCancelledError);
  return outcome;
}

}  // namespace cellblock::engine
