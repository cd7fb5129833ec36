#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "telemetry/process_figures.hpp"

namespace cellblock::telemetry {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Family;
using Buckets = prometheus::Histogram::BucketBoundaries;

// From a hello to the usual limit of 30 s.
Buckets run_buckets() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

// A ready cell takes the job within a millisecond.
Buckets wait_buckets() {
  return {0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30};
}

// From a system call to a fork on a machine that is overrun.
Buckets step_buckets() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1};
}

Buckets memory_buckets() {
  constexpr double kMebibyte = 1024.0 * 1024;
  return {kMebibyte, 4 * kMebibyte, 16 * kMebibyte, 64 * kMebibyte, 256 * kMebibyte, 1024 * kMebibyte};
}

}  // namespace

class Metrics::Families {
 public:
  explicit Families(const BuildInfo& build)
      : executions(
            BuildCounter()
                .Name("cellblock_executions_total")
                .Help("Executions that have ended or were refused with an answer of their own, by its status")
                .Register(registry)),
        denials(BuildCounter()
                    .Name("cellblock_denials_total")
                    .Help("System calls and files that the walls of cells refused, by rule")
                    .Register(registry)),
        requests(BuildCounter()
                     .Name("cellblock_http_requests_total")
                     .Help("HTTP answers, by route and status code")
                     .Register(registry)),
        refusals(
            BuildCounter()
                .Name("cellblock_requests_refused_total")
                .Help("Requests that were refused before they became an execution, by route, code and reason")
                .Register(registry)),
        reloads(BuildCounter()
                    .Name("cellblock_config_reloads_total")
                    .Help("Reloads of the configuration, by result")
                    .Register(registry)),
        ready(BuildGauge()
                  .Name("cellblock_ready_cells")
                  .Help("Ready cells in stock, by pool")
                  .Register(registry)),
        steps(BuildHistogram()
                  .Name("cellblock_cell_step_seconds")
                  .Help("How long the steps of making and ending a cell took, whatever waited for it")
                  .Register(registry)),
        run(BuildHistogram()
                .Name("cellblock_execution_run_seconds")
                .Help("From the script's arrival in its cell to its end")
                .Register(registry)
                .Add({}, run_buckets())),
        wait(BuildHistogram()
                 .Name("cellblock_execution_queue_seconds")
                 .Help("From the request's admission to the script's arrival in its cell")
                 .Register(registry)
                 .Add({}, wait_buckets())),
        memory(BuildHistogram()
                   .Name("cellblock_execution_memory_peak_bytes")
                   .Help("Most memory that an execution had beyond what its cell shares")
                   .Register(registry)
                   .Add({}, memory_buckets())),
        cpu(BuildCounter()
                .Name("cellblock_execution_cpu_seconds_total")
                .Help("CPU time of scripts")
                .Register(registry)
                .Add({})),
        zygotes_lost(BuildCounter()
                         .Name("cellblock_zygote_restarts_total")
                         .Help("Zygotes that have ended, or failed to start, and were started anew")
                         .Register(registry)
                         .Add({})),
        renewals(BuildCounter()
                     .Name("cellblock_zygote_renewals_total")
                     .Help("Zygotes that had served their time, by whether another could take their place")
                     .Register(registry)),
        running(gauge("cellblock_running_executions", "Executions that run now")),
        queued(gauge("cellblock_queued_executions", "Executions that wait for a cell")),
        able(gauge("cellblock_able", "1 while cells can be made")),
        accepting(gauge("cellblock_ready", "1 while a request that is sent now would be served")),
        most_running(gauge("cellblock_running_executions_limit", "Most executions that may run at once")),
        most_queued(gauge("cellblock_queued_executions_limit", "Most executions that may wait")),
        connections(gauge("cellblock_connections", "Connections that are open")),
        most_connections(gauge("cellblock_connections_limit", "Most connections that may be open")),
        request_memory(gauge("cellblock_request_memory_bytes",
                             "Memory that requests and answers hold, beyond what each has for nothing")),
        most_request_memory(
            gauge("cellblock_request_memory_limit_bytes", "Most memory that requests and answers may hold")),
        cpu_of_process(BuildCounter()
                           .Name("process_cpu_seconds_total")
                           .Help("CPU time of the server process, without jailer, zygotes and cells")
                           .Register(registry)
                           .Add({})),
        resident(gauge("process_resident_memory_bytes", "Resident memory of the server process")),
        address_space(gauge("process_virtual_memory_bytes", "Address space of the server process")),
        descriptors(gauge("process_open_fds", "Open descriptors of the server process")),
        most_descriptors(gauge("process_max_fds", "Most descriptors that the server process may have open")),
        process_start(
            gauge("process_start_time_seconds", "When the server process started, in seconds since 1970")) {
    BuildGauge()
        .Name("cellblock_build_info")
        .Help("Always 1; what runs, as labels")
        .Register(registry)
        .Add({{"version", build.version}, {"python", build.python}, {"isolation", build.isolation}})
        .Set(1);
    auto& walls =
        BuildGauge()
            .Name("cellblock_wall_stands")
            .Help("1 for each wall and each limit that stands on this host, 0 for one that is missing")
            .Register(registry);
    for (const auto& [wall, stands] : build.walls) walls.Add({{"wall", wall}}).Set(stands ? 1 : 0);
    for (const std::string_view status : build.statuses) executions.Add({{"status", std::string(status)}});
    for (const char* result : {"ok", "failed"}) {
      reloads.Add({{"result", result}});
      renewals.Add({{"result", result}});
    }
    gauge("cellblock_start_time_seconds", "When the service started, in seconds since 1970")
        .SetToCurrentTime();
  }

 private:
  prometheus::Gauge& gauge(const char* name, const char* help) {
    return BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }

 public:
  prometheus::Registry registry;  // first: it holds all that follows
  Family<prometheus::Counter>& executions;
  Family<prometheus::Counter>& denials;
  Family<prometheus::Counter>& requests;
  Family<prometheus::Counter>& refusals;
  Family<prometheus::Counter>& reloads;
  Family<prometheus::Gauge>& ready;
  Family<prometheus::Histogram>& steps;
  prometheus::Histogram& run;
  prometheus::Histogram& wait;
  prometheus::Histogram& memory;
  prometheus::Counter& cpu;
  prometheus::Counter& zygotes_lost;
  Family<prometheus::Counter>& renewals;
  prometheus::Gauge& running;
  prometheus::Gauge& queued;
  prometheus::Gauge& able;
  prometheus::Gauge& accepting;
  prometheus::Gauge& most_running;
  prometheus::Gauge& most_queued;
  prometheus::Gauge& connections;
  prometheus::Gauge& most_connections;
  prometheus::Gauge& request_memory;
  prometheus::Gauge& most_request_memory;
  prometheus::Counter& cpu_of_process;
  prometheus::Gauge& resident;
  prometheus::Gauge& address_space;
  prometheus::Gauge& descriptors;
  prometheus::Gauge& most_descriptors;
  prometheus::Gauge& process_start;

  void show(const ProcessFigures& process) {
    // A counter takes steps; two that ask at the same time may take the same one.
    cpu_of_process.Increment(std::max(process.cpu_s - cpu_of_process.Value(), 0.0));
    resident.Set(static_cast<double>(process.resident_bytes));
    address_space.Set(static_cast<double>(process.virtual_bytes));
    descriptors.Set(static_cast<double>(process.open_descriptors));
    most_descriptors.Set(static_cast<double>(process.most_descriptors));
    process_start.Set(process.start_time_s);
  }
};

Metrics::Metrics(const BuildInfo& build) : families_(std::make_unique<Families>(build)) {}

Metrics::~Metrics() = default;

void Metrics::executed(const Execution& execution) {
  Families& families = *families_;
  families.executions.Add({{"status", std::string(execution.status)}}).Increment();
  for (const auto& [rule, count] : execution.denials) {
    families.denials.Add({{"rule", std::string(rule)}}).Increment(static_cast<double>(count));
  }
  families.wait.Observe(execution.queued_s);
  families.run.Observe(execution.run_s);
  families.memory.Observe(static_cast<double>(execution.memory_peak_bytes));
  families.cpu.Increment(execution.cpu_s);
}

void Metrics::turned_away(std::string_view status) {
  families_->executions.Add({{"status", std::string(status)}}).Increment();
}

void Metrics::zygote_lost() {
  families_->zygotes_lost.Increment();
}

void Metrics::zygote_renewed(bool done) {
  families_->renewals.Add({{"result", done ? "ok" : "failed"}}).Increment();
}

void Metrics::cell_step(std::string_view step, double seconds) {
  families_->steps.Add({{"step", std::string(step)}}, step_buckets()).Observe(seconds);
}

void Metrics::answered(std::string_view route, unsigned code) {
  families_->requests.Add({{"route", std::string(route)}, {"code", std::to_string(code)}}).Increment();
}

void Metrics::refused(std::string_view route, unsigned code, std::string_view reason) {
  families_->refusals
      .Add({{"route", std::string(route)}, {"code", std::to_string(code)}, {"reason", std::string(reason)}})
      .Increment();
}

void Metrics::reloaded(bool taken_over) {
  families_->reloads.Add({{"result", taken_over ? "ok" : "failed"}}).Increment();
}

std::string Metrics::text(const Gauges& now) {
  for (const auto& [pool, cells] : now.ready) families_->ready.Add({{"pool", pool}}).Set(cells);
  families_->running.Set(now.running);
  families_->queued.Set(now.queued);
  families_->able.Set(now.able ? 1 : 0);
  families_->accepting.Set(now.accepting ? 1 : 0);
  families_->most_running.Set(now.most_running);
  families_->most_queued.Set(now.most_queued);
  families_->connections.Set(static_cast<double>(now.connections));
  families_->most_connections.Set(static_cast<double>(now.most_connections));
  families_->request_memory.Set(static_cast<double>(now.request_memory_bytes));
  families_->most_request_memory.Set(static_cast<double>(now.most_request_memory_bytes));
  families_->show(process_figures());
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace cellblock::telemetry
