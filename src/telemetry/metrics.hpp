// The figures of /metrics, in Prometheus's text format. Any thread may call anything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cellblock::telemetry {

struct BuildInfo {
  std::string version;
  std::string python;
  std::string isolation;                              // the level
  std::vector<std::pair<std::string, bool>> walls{};  // each wall's name, and whether it stands
  // Every word that executed() may be told: a counter that appears with its first event can't be seen to
  // grow.
  std::vector<std::string_view> statuses{};
};

// One execution that has ended, however it did.
struct Execution {
  std::string_view status;  // the contract's word
  double queued_s = 0;      // until its cell had it
  double run_s = 0;         // from there to the end
  double cpu_s = 0;
  std::uint64_t memory_peak_bytes = 0;
  std::vector<std::pair<std::string_view, std::uint64_t>> denials{};  // rule and how often
};

// What is at the moment of asking.
struct Gauges {
  std::vector<std::pair<std::string, std::uint32_t>> ready{};  // cells of each pool, by its name
  std::uint32_t running = 0;
  std::uint32_t queued = 0;
  bool able = false;       // cells can be made
  bool accepting = false;  // a request sent now would be served
  std::uint32_t most_running = 0;
  std::uint32_t most_queued = 0;
  std::uint64_t connections = 0;
  std::uint64_t most_connections = 0;
  std::uint64_t request_memory_bytes = 0;  // what requests and unread answers hold
  std::uint64_t most_request_memory_bytes = 0;
};

class Metrics {
 public:
  explicit Metrics(const BuildInfo& build);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void executed(const Execution& execution);
  // A request that got an execution's answer without having been one: its script or its form was refused.
  void turned_away(std::string_view status);
  void zygote_lost();
  // A zygote was to be replaced as planned.
  void zygote_renewed(bool done);
  // A step of making or ending a cell; `step` is one of a few names of the program.
  void cell_step(std::string_view step, double seconds);
  // One HTTP answer. The route is one of a fixed few; neither label may be a client's word.
  void answered(std::string_view route, unsigned code);
  // One request that was refused before it became an execution.
  void refused(std::string_view route, unsigned code, std::string_view reason);
  // A reload of the configuration.
  void reloaded(bool taken_over);
  [[nodiscard]] std::string text(const Gauges& now);

  // The type of text(), for the header.
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  class Families;
  std::unique_ptr<Families> families_;
};

}  // namespace cellblock::telemetry
