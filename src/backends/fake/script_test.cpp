#include "backends/fake/script.hpp"

#include <gtest/gtest.h>

namespace cellblock::fake {
namespace {

using engine::Status;

Behaviour follow(const std::string& script) {
  engine::Job job;
  job.script = script;
  job.args_json = "[1, 2]";
  return follow_script(job);
}

TEST(FakeScriptTest, EchoesArgumentsWhenNothingElseIsSaid) {
  EXPECT_EQ(follow("echo").report.claim->result_json, "[1, 2]");
  EXPECT_EQ(follow("def main():\n    return 1\n").report.claim->status, Status::kOk);
}

TEST(FakeScriptTest, CollectsOutputAndDelayBeforeTheEnding) {
  const Behaviour behaviour = follow("print a\nwarn b\nprint c\nsleep 20\nresult {\"x\": 1}\nprint never");
  EXPECT_EQ(behaviour.report.stdout_text, "a\nc\n");
  EXPECT_EQ(behaviour.report.stderr_text, "b\n");
  EXPECT_EQ(behaviour.after, std::chrono::milliseconds{20});
  EXPECT_EQ(behaviour.report.claim->result_json, "{\"x\": 1}");
}

TEST(FakeScriptTest, ClaimsFailuresByTheContractsWords) {
  const auto claim = follow("claim exception ValueError: no").report.claim;
  EXPECT_EQ(claim->status, Status::kException);
  EXPECT_EQ(claim->error, "ValueError: no");
  EXPECT_EQ(claim->exception->type, "ValueError");
  EXPECT_EQ(claim->exception->message, "no");
  EXPECT_EQ(follow("claim missing_main").report.claim->status, Status::kMissingMain);
}

TEST(FakeScriptTest, EndsWithoutAClaimWhereTheKernelOrTheBackendTells) {
  EXPECT_EQ(follow("exit 3").report.exit->value, 3);
  EXPECT_TRUE(follow("signal 11").report.exit->signalled);
  EXPECT_TRUE(follow("oom").report.exit->out_of_memory);
  EXPECT_TRUE(follow("forge").report.forged);
  EXPECT_TRUE(follow("flood").report.output_flood);
  EXPECT_TRUE(follow("big").report.result_too_large);
  EXPECT_EQ(follow("broken no zygote").report.broken, "no zygote");
  EXPECT_TRUE(follow("hang").hangs);
  EXPECT_TRUE(follow("deaf").deaf);
}

}  // namespace
}  // namespace cellblock::fake
