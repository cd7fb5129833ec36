// The use cases of the service, for any wire format: execute a script, tell about health and version.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "engine/engine.hpp"
#include "engine/execution.hpp"
#include "service/execute_request.hpp"
#include "service/origin.hpp"
#include "service/pool_choice.hpp"

namespace cellblock::service {

// What a client may rely on, by name.
inline constexpr std::array<std::string_view, 11> kFeatures{"args",   "kwargs",      "stdin",   "files",
                                                            "limits", "policy",      "display", "streaming",
                                                            "batch",  "idempotency", "openapi"};

// One wall between a script and the host, as found at start by trying.
struct Wall {
  std::string name;
  bool stands = false;
  std::string means;  // the mechanism it is made of, or why it is missing
};

struct IsolationInfo {
  std::string level;  // "full", "restricted" or "none"
  std::vector<Wall> walls;
};

// An execution that has ended, for the log. What it refers to lives as long as the call.
struct Ended {
  std::string_view id;
  const Origin& origin;
  const engine::Outcome& outcome;
  std::size_t script_bytes = 0;
};

// What the operator has set and the host has shown, fixed for the life of the process.
struct ServiceSettings {
  engine::Limits limits;
  engine::Policy policy = engine::Policy::kSandbox;
  std::string version;
  IsolationInfo isolation;
  std::string python_version;
  std::vector<std::pair<std::string, std::string>> libraries;  // name and version
  PoolModules pools{};
  // The text of /metrics, and its content type; empty where nobody keeps figures.
  std::function<std::string(const engine::Snapshot&)> metrics{};
  std::string metrics_type{};
  // Told of each execution that has ended, on the engine's thread, for the log; may be empty.
  std::function<void(const Ended&)> finished{};
};

struct Health {
  bool able = false;          // cells can be made
  bool ready = false;         // a request sent now would be served
  bool draining = false;      // shutting down
  std::string_view security;  // one sentence on what the isolation level is good for
  engine::Snapshot pool;
};

// The functions may be called from any thread. Settings and engine must outlive what was submitted.
class ExecutionService {
 public:
  ExecutionService(ServiceSettings settings, engine::Engine& engine);

  // Runs the request in `body`. A request that is refused before it reaches the engine comes back at once
  // as its outcome and `done` is not called; else `done` is called once, on the engine's thread, and before
  // that the listener, if there is one, with what comes out of the script.
  // `origin` is for the log.
  [[nodiscard]] tl::expected<engine::Ticket, engine::Outcome> submit(std::string_view body, std::string id,
                                                                     engine::Completion done,
                                                                     Origin origin = {},
                                                                     engine::Listener listener = {});
  // The listener, which has returned false, has room again.
  void resume(engine::Ticket ticket);
  // What requests may ask for from now on; those that were submitted keep theirs. Memory, processes, open
  // files and sizes of what comes back must be those of the settings: cells and budgets were made for them.
  void set_bounds(RequestBounds bounds);
  // The client is gone.
  void cancel(engine::Ticket ticket);

  [[nodiscard]] Health health() const;
  [[nodiscard]] std::string metrics() const { return settings_.metrics(engine_.snapshot()); }
  // For a request that is refused before it is read.
  [[nodiscard]] std::chrono::seconds retry_after() const { return engine_.snapshot().retry_after; }
  [[nodiscard]] const ServiceSettings& settings() const { return settings_; }

 private:
  [[nodiscard]] std::shared_ptr<const RequestBounds> bounds() const;

  const ServiceSettings settings_;
  mutable std::mutex mutex_;
  std::shared_ptr<const RequestBounds> bounds_;  // guarded by mutex_; what it points to never changes
  engine::Engine& engine_;
};

}  // namespace cellblock::service
