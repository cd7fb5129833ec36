#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "backends/native/native_backend.hpp"
#include "cli/commands.hpp"
#include "cli/secrets.hpp"
#include "cli/server_options.hpp"
#include "cli/service_log.hpp"
#include "cli/service_manager.hpp"
#include "cli/setup.hpp"
#include "cli/telemetry_views.hpp"
#include "engine/engine.hpp"
#include "http/server.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace cellblock::cli {
namespace {

constexpr std::chrono::seconds kWriteOutLimit{2};
constexpr int kServerNice = -10;
// Blocks of this size and more go back to the kernel when they are freed.
constexpr int kOwnMapping = 256 << 10;

// The signals that end the service or change it, blocked in every thread so that main can wait for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  // The jailer's death ends the service too; main raises this one itself.
  sigaddset(&signals, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Lets executions finish for so long. Whoever asks a second time does not want to wait for them.
void drain(engine::Engine& engine, std::chrono::milliseconds limit, const sigset_t& signals,
           ServiceManager& manager, telemetry::Log& log) {
  std::atomic<bool> drained{false};
  std::thread waiting([&engine, &drained, limit] {
    engine.drain(limit);
    drained = true;
    ::kill(::getpid(), SIGUSR1);
  });
  while (!drained) {
    const int signal = manager.wait(signals);
    if (signal == SIGUSR1 || signal == SIGHUP) continue;
    log.warn("stopping at once", {{"signal", signal}});
    engine.drain(std::chrono::milliseconds(0));
  }
  waiting.join();
}

std::string status_text(const config::Options& options, std::uint16_t port,
                        const service::ServiceSettings& settings) {
  return "Listens on " + options.host + ":" + std::to_string(port) + ", isolation level " +
         settings.isolation.level;
}

}  // namespace

int serve(const config::Options& given, const Reread& reread) {
  // While this is root still, and before anything is started.
  auto listening = ServiceManager::listening_socket();
  if (!listening) {
    std::fprintf(stderr, "cellblock: %s\n", listening.error().message().c_str());
    return kExitUsage;
  }
  const bool handed_over = listening->valid();
  auto secrets = read_secrets(given);
  if (!secrets) {
    std::fprintf(stderr, "cellblock: %s\n", secrets.error().message().c_str());
    return kExitUsage;
  }
  if (auto raised = raise_descriptor_limit(); !raised) {
    std::fprintf(stderr, "cellblock: %s\n", raised.error().message().c_str());
    return kExitCannotSeal;
  }
  const Host host = examine_host(given);
  if (auto accepted = accept(host, given); !accepted) {
    std::fprintf(stderr, "cellblock: %s\n", accepted.error().message().c_str());
    return kExitCannotSeal;
  }
  config::Options options = at_level(given, host.level);
  const Pools pools = pools_of(options);
  telemetry::Log log(log_level_of(options.log_level), options.environment == config::Stage::kProduction
                                                          ? telemetry::Format::kJson
                                                          : telemetry::Format::kLogfmt);
  const sigset_t signals = block_signals();
  auto jailer = backends::native::launch_jailer(jail_spec_from(options, pools, host), kStartLimit);
  if (!jailer) {
    std::fprintf(stderr, "cellblock: %s\n", jailer.error().message().c_str());
    return kExitCannotSeal;
  }
  auto settings = settings_from(options, pools, host, jailer->versions_json);
  telemetry::Metrics metrics(build_info(settings));
  // What HTTP threads read while main may change the options.
  std::atomic<std::uint32_t> max_queued{options.max_queued};
  settings.finished = [&log, &metrics](const service::Ended& ended) {
    log_execution(log, ended);
    metrics.executed(execution_of(ended.outcome));
  };
  const auto budget = std::make_shared<base::ByteBudget>(options.request_memory_bytes);
  const std::uint32_t most_connections = connections_that_fit(options, pools);
  // Set before the first request can ask.
  const http::Server* counted = nullptr;
  settings.metrics = [&, most = options.max_executions](const engine::Snapshot& now) {
    telemetry::Gauges gauges = gauges_of(now, pools);
    gauges.most_running = most;
    gauges.most_queued = max_queued;
    gauges.connections = counted->connections();
    gauges.most_connections = most_connections;
    gauges.request_memory_bytes = budget->used();
    gauges.most_request_memory_bytes = budget->limit();
    return metrics.text(gauges);
  };
  settings.metrics_type = telemetry::Metrics::kContentType;
  bool jailer_died = false;
  backends::native::NativeEvents events;
  events.zygote = [&log](const std::string& text) { log.warn("zygote", {{"message", text}}); };
  events.zygote_lost = [&metrics] { metrics.zygote_lost(); };
  events.renewed = [&log, &metrics, &pools](std::size_t pool, const std::string& failure) {
    metrics.zygote_renewed(failure.empty());
    const std::string& name = pools.names[pool];
    if (failure.empty()) {
      log.info("zygote", {{"message", "another has taken its place"}, {"pool", name}});
    } else {
      log.warn("zygote",
               {{"message", "it stays, since no other could take its place: " + failure}, {"pool", name}});
    }
  };
  events.step = [&metrics](std::string_view step, std::chrono::microseconds took) {
    metrics.cell_step(step, std::chrono::duration<double>(took).count());
  };
  events.unable = [&log](const std::string& text) { log.error("cell", {{"message", text}}); };
  events.fatal = [&log, &jailer_died](const std::string& text) {
    log.error("jailer", {{"message", text}});
    jailer_died = true;
    ::kill(::getpid(), SIGUSR1);
  };
  auto backend = backends::native::make_native_backend(std::move(*jailer),
                                                       cell_defaults_from(options, budget), std::move(events),
                                                       {pools.modules.size(), lifetime_of_zygotes(options)});
  // Else glibc raises the bound after the first large body, and keeps the memory of all that follow.
  ::mallopt(M_MMAP_THRESHOLD, kOwnMapping);
  // The server does little and is waited for: it goes before the making of cells. Refused without root.
  ::setpriority(PRIO_PROCESS, 0, kServerNice);
  if (auto done = forbid_new_privileges(); !done) {
    std::fprintf(stderr, "cellblock: %s\n", done.error().message().c_str());
    return kExitCannotSeal;
  }
  engine::EngineOptions engine_options;
  engine_options.max_running = options.max_executions;
  engine_options.max_queued = options.max_queued;
  engine_options.pool_sizes = pools.sizes;
  engine_options.first_warmed_pool = pools.first_warmed;
  engine::Engine engine(engine_options, std::move(backend));
  service::ExecutionService service(settings, engine);
  auto server = http::Server::bind(server_options(options, pools, budget, std::move(*secrets), log, metrics),
                                   service, std::move(*listening));
  if (!server) {
    std::fprintf(stderr, "cellblock: %s\n", server.error().message().c_str());
    // A socket that is handed over and is none to listen on stays wrong.
    return handed_over ? kExitUsage : kExitCannotListen;
  }
  if (handed_over) options.host = (*server)->address();
  // Binding the port was the last thing that may need root.
  if (auto dropped = drop_root(options.uid_base - 1); !dropped) {
    std::fprintf(stderr, "cellblock: %s\n", dropped.error().message().c_str());
    return kExitCannotSeal;
  }
  counted = server->get();
  (*server)->start();
  for (const std::string& warning : options.warnings) log.warn("configuration", {{"problem", warning}});
  warn_of_unreadable(log, options);
  log_start(log, options, settings, (*server)->port());
  ServiceManager manager([&service] {
    const service::Health health = service.health();
    return health.able || health.draining;
  });
  const auto renew_files = [&options, &server]() -> base::Result<void> {
    auto fresh = read_secrets(options);
    if (!fresh) return tl::make_unexpected(std::move(fresh.error()));
    (*server)->set_keys(std::move(fresh->keys));
    (*server)->set_tls(std::move(fresh->tls));
    return {};
  };
  // Ready is who has a cell: what is started after this service may ask at once.
  int signal = manager.wait_until_well(signals);
  while (signal == 0 || signal == SIGHUP) {
    if (signal == SIGHUP) {
      manager.reloading();
      metrics.reloaded(reload(reread, host.level, {log, service, engine, renew_files}, options));
      max_queued = options.max_queued;
    }
    manager.ready(status_text(options, (*server)->port(), settings));
    signal = manager.wait(signals);
  }
  log.info("stopping", {{"signal", std::to_string(signal)}});
  manager.stopping();
  (*server)->stop_accepting();
  drain(engine, options.drain_limit, signals, manager, log);
  (*server)->shutdown(kWriteOutLimit);
  log.info("stopped");
  return jailer_died ? kExitCannotSeal : kExitOk;
}

}  // namespace cellblock::cli
