#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace cellblock::telemetry {
namespace {

using testing::HasSubstr;

TEST(Metrics, CountExecutionsByStatus) {
  Metrics metrics({"1.2.3", "3.11.2", "full"});
  metrics.executed({"ok", 0.002, 0.02, 0.01, 2U << 20U, {{"network", 3}}});
  metrics.executed({"ok", 0.002, 0.02, 0.01, 0, {}});
  metrics.executed({"timeout", 0, 40, 0.5, 0, {{"network", 1}, {"tree", 2}}});
  const std::string text = metrics.text({});
  for (const char* line :
       {"cellblock_executions_total{status=\"ok\"} 2", "cellblock_executions_total{status=\"timeout\"} 1",
        "cellblock_denials_total{rule=\"network\"} 4", "cellblock_denials_total{rule=\"tree\"} 2",
        "cellblock_execution_run_seconds_bucket{le=\"0.025\"} 2",
        "cellblock_execution_run_seconds_bucket{le=\"60\"} 3",
        "cellblock_execution_queue_seconds_bucket{le=\"0.001\"} 1",
        "cellblock_execution_memory_peak_bytes_count 3", "cellblock_execution_cpu_seconds_total 0.52",
        "cellblock_build_info{isolation=\"full\",python=\"3.11.2\",version=\"1.2.3\"} 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(Metrics, CountWhatWasRefusedWithAnAnswerOfItsOwn) {
  Metrics metrics({});
  metrics.turned_away("invalid_request");
  const std::string text = metrics.text({});
  EXPECT_THAT(text, HasSubstr("cellblock_executions_total{status=\"invalid_request\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("cellblock_execution_run_seconds_count 0\n"));
}

TEST(Metrics, TellOfConnectionsMemoryAndTheProcess) {
  Metrics metrics({});
  Gauges now;
  now.connections = 3;
  now.most_connections = 2000;
  now.request_memory_bytes = 70'000;
  now.most_request_memory_bytes = 536'870'912;
  const std::string text = metrics.text(now);
  for (const char* line :
       {"cellblock_connections 3", "cellblock_connections_limit 2000", "cellblock_request_memory_bytes 70000",
        "cellblock_request_memory_limit_bytes 536870912", "# TYPE process_cpu_seconds_total counter",
        "# TYPE process_resident_memory_bytes gauge", "# TYPE process_virtual_memory_bytes gauge",
        "# TYPE process_open_fds gauge", "# TYPE process_max_fds gauge",
        "# TYPE process_start_time_seconds gauge"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(Metrics, TellWhatIsNow) {
  Metrics metrics({});
  metrics.zygote_lost();
  metrics.zygote_renewed(true);
  const std::string text = metrics.text({{{"light", 7}, {"main", 0}}, 2, 1, true});
  for (const char* line :
       {"cellblock_ready_cells{pool=\"light\"} 7", "cellblock_ready_cells{pool=\"main\"} 0",
        "cellblock_running_executions 2", "cellblock_queued_executions 1", "cellblock_able 1",
        "cellblock_zygote_restarts_total 1", "cellblock_zygote_renewals_total{result=\"ok\"} 1",
        "cellblock_zygote_renewals_total{result=\"failed\"} 0"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  EXPECT_THAT(metrics.text({}), HasSubstr("cellblock_able 0\n"));
}

TEST(Metrics, ObserveEachStepOfACellByItself) {
  Metrics metrics({});
  metrics.cell_step("fork", 0.0003);
  metrics.cell_step("fork", 0.02);
  metrics.cell_step("seal", 0.0002);
  const std::string text = metrics.text({});
  for (const char* line : {"cellblock_cell_step_seconds_bucket{step=\"fork\",le=\"0.0005\"} 1",
                           "cellblock_cell_step_seconds_bucket{step=\"fork\",le=\"0.025\"} 2",
                           "cellblock_cell_step_seconds_count{step=\"seal\"} 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(Metrics, AreForAllThreads) {
  Metrics metrics({});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&metrics] {
      for (int turn = 0; turn < 200; ++turn) {
        metrics.executed({"ok", 0, 0, 0, 0, {}});
        static_cast<void>(metrics.text({}));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.text({}), HasSubstr("cellblock_executions_total{status=\"ok\"} 800\n"));
}

TEST(Metrics, CountAnswersAndRefusals) {
  Metrics metrics({});
  metrics.answered("/execute", 200);
  metrics.answered("/execute", 400);
  metrics.answered("/execute", 400);
  metrics.refused("/execute", 400, "invalid_request");
  metrics.reloaded(true);
  metrics.reloaded(false);
  metrics.reloaded(false);
  const std::string text = metrics.text({});
  for (const char* line :
       {R"(cellblock_http_requests_total{code="200",route="/execute"} 1)",
        R"(cellblock_http_requests_total{code="400",route="/execute"} 2)",
        R"(cellblock_requests_refused_total{code="400",reason="invalid_request",route="/execute"} 1)",
        R"(cellblock_config_reloads_total{result="ok"} 1)",
        R"(cellblock_config_reloads_total{result="failed"} 2)"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(Metrics, TellWhatStandsAndWhatCanHappen) {
  BuildInfo build;
  build.walls = {{"seccomp", true}, {"cgroup", false}};
  build.statuses = {"ok", "internal_error"};
  Gauges now;
  now.accepting = true;
  now.most_queued = 7;
  const std::string text = Metrics(build).text(now);
  for (const char* line :
       {R"(cellblock_wall_stands{wall="seccomp"} 1)", R"(cellblock_wall_stands{wall="cgroup"} 0)",
        R"(cellblock_executions_total{status="internal_error"} 0)", "cellblock_ready 1",
        "cellblock_queued_executions_limit 7", R"(cellblock_config_reloads_total{result="failed"} 0)"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

}  // namespace
}  // namespace cellblock::telemetry
