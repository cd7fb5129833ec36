#include "engine/judge.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <ostream>

namespace cellblock::engine {
namespace {

struct Row {
  const char* name;
  Report report;
  EndReason reason;
  Status status;
  std::string error;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.name;
}

Report claimed(Status status, std::string error = {}) {
  Report report;
  report.claim = Claim{status, "[7]", std::move(error), std::nullopt};
  return report;
}

Report exited(Exit exit) {
  Report report;
  report.exit = exit;
  return report;
}

Report with(bool Report::*flag, Report report = claimed(Status::kOk)) {
  report.*flag = true;
  return report;
}

Report broken(std::string why) {
  Report report;
  report.broken = std::move(why);
  return report;
}

const Exit kSegfault{.signalled = true, .value = SIGSEGV};
const Exit kOom{.signalled = true, .value = SIGKILL, .out_of_memory = true};

std::vector<Row> rows() {
  const auto none = EndReason::kNone;
  const std::string forged =
      "Script was killed by signal 9 (SIGKILL) after writing to the service's own channel";
  const std::string memory = "Script exceeded the memory limit (512 MB)";
  const std::string cpu = "Script exceeded the CPU time limit (30s)";
  return {
      {"ok", claimed(Status::kOk), none, Status::kOk, ""},
      {"ok_drops_error", claimed(Status::kOk, "odd"), none, Status::kOk, ""},
      {"missing_main", claimed(Status::kMissingMain, "other words"), none, Status::kMissingMain,
       "Script must define a main() function"},
      {"syntax_error", claimed(Status::kSyntaxError, "SyntaxError: invalid syntax (line 3)"), none,
       Status::kSyntaxError, "SyntaxError: invalid syntax (line 3)"},
      {"exception", claimed(Status::kException, "ValueError: no"), none, Status::kException,
       "ValueError: no"},
      {"exception_without_words", claimed(Status::kException), none, Status::kException, "Script failed"},
      {"invalid_result", claimed(Status::kInvalidResult, "Returned value is not valid JSON: x"), none,
       Status::kInvalidResult, "Returned value is not valid JSON: x"},
      {"policy", claimed(Status::kPolicyViolation, "Script uses 'eval'"), none, Status::kPolicyViolation,
       "Script uses 'eval'"},
      {"sys_exit", claimed(Status::kExited, "Script exited with code 3 before main() returned"), none,
       Status::kExited, "Script exited with code 3 before main() returned"},
      {"memory_error", claimed(Status::kMemoryLimit, "MemoryError"), none, Status::kMemoryLimit, memory},
      {"claimed_large_result", claimed(Status::kResultTooLarge), none, Status::kResultTooLarge,
       "Result is too large (limit 16 MB)"},
      {"claim_the_runner_never_makes", claimed(Status::kTimeout, "x"), none, Status::kKilled, forged},
      {"claim_of_internal_error", claimed(Status::kInternalError, "x"), none, Status::kKilled, forged},

      {"exit", exited({.value = 3}), none, Status::kExited,
       "Script exited with code 3 before main() returned"},
      {"exit_zero", exited({.value = 0}), none, Status::kExited,
       "Script exited with code 0 before main() returned"},
      {"segfault", exited(kSegfault), none, Status::kKilled, "Script was killed by signal 11 (SIGSEGV)"},
      {"seccomp", exited({.signalled = true, .value = SIGSYS}), none, Status::kKilled,
       "Script was killed by signal 31 (SIGSYS)"},
      {"signal_without_name", exited({.signalled = true, .value = 40}), none, Status::kKilled,
       "Script was killed by signal 40"},
      {"oom", exited(kOom), none, Status::kMemoryLimit, memory},
      {"oom_of_a_child_only", exited({.value = 1, .out_of_memory = true}), none, Status::kExited,
       "Script exited with code 1 before main() returned"},
      {"sigxcpu", exited({.signalled = true, .value = SIGXCPU}), none, Status::kCpuLimit, cpu},
      {"sigkill_at_cpu_limit", exited({.signalled = true, .value = SIGKILL, .cpu_ms = 30'000}), none,
       Status::kCpuLimit, cpu},
      {"sigkill_below_cpu_limit", exited({.signalled = true, .value = SIGKILL, .cpu_ms = 29'999}), none,
       Status::kKilled, "Script was killed by signal 9 (SIGKILL)"},

      {"result_too_large", with(&Report::result_too_large), none, Status::kResultTooLarge,
       "Result is too large (limit 16 MB)"},
      {"result_before_flood", with(&Report::result_too_large, with(&Report::output_flood)), none,
       Status::kResultTooLarge, "Result is too large (limit 16 MB)"},
      {"flood", with(&Report::output_flood), none, Status::kOutputLimit,
       "Script exceeded the output limit (64 MB)"},
      {"no_room", with(&Report::no_room), none, Status::kOverloaded,
       "No memory is left for an answer of this size"},
      {"timeout_before_no_room", with(&Report::no_room), EndReason::kTimeout, Status::kTimeout,
       "Script execution timed out (30s limit)"},
      {"cpu_of_all_processes", with(&Report::cpu_used_up), none, Status::kCpuLimit, cpu},
      {"flood_before_forged", with(&Report::output_flood, with(&Report::forged)), none, Status::kOutputLimit,
       "Script exceeded the output limit (64 MB)"},
      {"forged_before_claim", with(&Report::forged), none, Status::kKilled, forged},
      {"forged_before_exit", with(&Report::forged, exited(kSegfault)), none, Status::kKilled, forged},
      {"broken", broken("zygote died"), none, Status::kInternalError, "Internal error"},
      {"nothing_known", Report{}, none, Status::kInternalError, "Internal error"},

      {"timeout", exited({.signalled = true, .value = SIGKILL}), EndReason::kTimeout, Status::kTimeout,
       "Script execution timed out (30s limit)"},
      {"timeout_before_claim", claimed(Status::kOk), EndReason::kTimeout, Status::kTimeout,
       "Script execution timed out (30s limit)"},
      {"timeout_before_oom", exited(kOom), EndReason::kTimeout, Status::kTimeout,
       "Script execution timed out (30s limit)"},
      {"timeout_before_forged", with(&Report::forged), EndReason::kTimeout, Status::kTimeout,
       "Script execution timed out (30s limit)"},
      {"cancelled", claimed(Status::kOk), EndReason::kCancelled, Status::kCancelled,
       "The client cancelled the execution"},
      {"shutdown", claimed(Status::kOk), EndReason::kShutdown, Status::kOverloaded,
       "The service is shutting down"},
  };
}

class JudgeTest : public ::testing::TestWithParam<Row> {};

TEST_P(JudgeTest, Decides) {
  const Outcome outcome = judge(Limits{}, GetParam().report, GetParam().reason);
  EXPECT_EQ(outcome.status, GetParam().status) << status_name(outcome.status);
  EXPECT_EQ(outcome.error, GetParam().error);
  EXPECT_EQ(outcome.result_json, outcome.status == Status::kOk ? "[7]" : "null");
}

INSTANTIATE_TEST_SUITE_P(Table, JudgeTest, ::testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(JudgeOutputTest, KeepsWhatWasCapturedWhateverHappened) {
  Report report;
  report.stdout_text = "out";
  report.stderr_text = "err";
  report.stdout_truncated = true;
  report.usage = {1.5, 1.0, 800};
  const Outcome outcome = judge(Limits{}, report, EndReason::kTimeout);
  EXPECT_EQ(outcome.stdout_text, "out");
  EXPECT_EQ(outcome.stderr_text, "err");
  EXPECT_TRUE(outcome.stdout_truncated);
  EXPECT_FALSE(outcome.stderr_truncated);
  EXPECT_EQ(outcome.usage.memory_peak_kb, 800U);
}

TEST(JudgeOutputTest, KeepsTheExceptionOfAMemoryError) {
  Report report = claimed(Status::kMemoryLimit);
  report.claim->exception = ExceptionInfo{"MemoryError", "", "", 2, {}, {}, {}, {}, {}, {}};
  const Outcome outcome = judge(Limits{}, report, EndReason::kNone);
  ASSERT_TRUE(outcome.exception);
  EXPECT_EQ(outcome.exception->type, "MemoryError");
}

TEST(JudgeOutputTest, TellsTheCauseOfAnInternalErrorToTheLogOnly) {
  const Outcome outcome = judge(Limits{}, broken("zygote died"), EndReason::kNone);
  EXPECT_EQ(outcome.detail, "zygote died");
  EXPECT_EQ(outcome.error.find("zygote"), std::string::npos);
}

TEST(JudgeOutputTest, NamesTheLimitsOfThisExecution) {
  Limits limits;
  limits.wall = std::chrono::milliseconds{1250};
  limits.memory_bytes = 64ULL << 20U;
  EXPECT_EQ(judge(limits, {}, EndReason::kTimeout).error, "Script execution timed out (1.25s limit)");
  EXPECT_EQ(judge(limits, exited(kOom), EndReason::kNone).error, "Script exceeded the memory limit (64 MB)");
}

TEST(Judge, TheCellAddsToWhatWasRefusedOnlyWithAClaimThatCounts) {
  Report report;
  report.denied = {{"ptrace", "tracing", "no", 2}};
  report.claim = Claim{};
  report.claim->denied = {{"/root", "tree", "no", 1}};
  const Outcome claimed = judge({}, report, EndReason::kNone);
  ASSERT_EQ(claimed.denied.size(), 2U);
  EXPECT_EQ(claimed.denied[0].what, "ptrace");
  EXPECT_EQ(claimed.denied[1].what, "/root");
  EXPECT_EQ(judge({}, report, EndReason::kTimeout).denied, report.denied);
}

}  // namespace
}  // namespace cellblock::engine
