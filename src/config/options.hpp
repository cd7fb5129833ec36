// The settings of a running cellblock, as plain values. The defaults, ranges and names are in the option
// table; a default-constructed Options has none of them: get one from default_options() or CommandLine.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::config {

enum class Policy : std::uint8_t { kSandbox, kStrict };
enum class Isolation : std::uint8_t { kFull, kRestricted };
enum class Backend : std::uint8_t { kNative, kNsjail };
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class Stage : std::uint8_t { kDevelopment, kProduction };

// Where a value came from; the later one wins.
enum class Source : std::uint8_t { kDefault, kSandboxConfig, kFile, kEnvironment, kFlag };
[[nodiscard]] std::string_view source_name(Source source);

struct Options {
  std::string config;          // path of the file that was read, empty for none
  std::string sandbox_config;  // path of an nsjail configuration, empty for none

  std::string host;
  std::uint32_t port = 0;  // 0: the kernel picks one
  std::uint32_t threads = 0;
  std::uint64_t max_body_bytes = 0;
  std::uint32_t max_connections = 0;
  std::uint32_t keepalive_requests = 0;    // 0: any number
  std::uint64_t request_memory_bytes = 0;  // of all requests and answers together
  std::chrono::milliseconds header_timeout{0};
  std::chrono::milliseconds idle_timeout{0};
  std::chrono::milliseconds stall_timeout{0};
  std::chrono::milliseconds heartbeat{0};
  std::uint64_t min_rate_bytes = 0;  // per second
  std::chrono::milliseconds drain_limit{0};
  std::chrono::milliseconds idempotency_expiry{0};
  std::uint64_t idempotency_bytes = 0;
  std::uint32_t idempotency_entries = 0;
  std::uint32_t batch_executions = 0;

  std::string tls_certificate;  // empty: plain HTTP
  std::string tls_key;
  std::string keys_file;  // empty: nobody needs a key
  bool metrics_key = false;
  double client_rate = 0;  // per second; 0: any
  double client_burst = 0;
  std::uint32_t client_executions = 0;  // 0: any number
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> cors_origins;

  std::chrono::milliseconds time_limit{0};
  std::chrono::milliseconds cpu_limit{0};
  std::uint64_t memory_bytes = 0;
  double cpus = 0;
  std::uint64_t file_bytes = 0;
  std::uint32_t processes = 0;
  std::uint32_t open_files = 0;
  std::uint64_t max_script_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t result_bytes = 0;
  std::uint64_t files_bytes = 0;
  std::uint32_t display_items = 0;
  std::uint64_t display_item_bytes = 0;
  std::uint64_t display_bytes = 0;
  std::uint64_t workdir_bytes = 0;
  std::uint32_t workdir_inodes = 0;

  std::uint32_t max_executions = 0;
  std::uint32_t max_queued = 0;
  std::uint32_t pool_size = 0;
  std::chrono::milliseconds zygote_lifetime{0};  // 0: for ever
  std::vector<std::string> preload_light;
  std::vector<std::string> preload;
  std::vector<std::string> preload_extended;

  Policy policy = Policy::kSandbox;
  Isolation isolation = Isolation::kFull;
  bool without_isolation = false;
  Backend backend = Backend::kNative;
  std::vector<std::string> library_path;
  std::uint32_t uid_base = 0;
  std::string cgroup_root;  // empty: found automatically
  std::string hostname;
  std::uint32_t cell_uid = 0;
  std::uint32_t cell_gid = 0;
  std::string working_directory;
  std::vector<std::string> cell_environment;  // NAME=VALUE each
  std::vector<std::string> binds;             // see read_bind()
  std::vector<std::string> scratch;           // see read_scratch()
  std::vector<std::string> cell_files;        // see read_cell_file()
  std::vector<std::string> cell_links;        // see read_cell_link()
  std::vector<std::string> no_exec;           // places of bind and tmpfs, and /tmp
  std::uint64_t shm_bytes = 0;                // 0: as many as workdir_bytes
  std::vector<std::string> refused_calls;     // names of system calls
  bool show_private_files = false;
  bool bind_writable = false;

  LogLevel log_level = LogLevel::kInfo;
  Stage environment = Stage::kDevelopment;

  std::map<std::string, Source, std::less<>> sources;  // by option name; one that is missing is a default
  // Likewise where, in words: "flag --port", "environment variable PORT", "file /etc/cellblock.toml".
  std::map<std::string, std::string, std::less<>> places;

  // What was given and is not understood, though it is no error: lines for the operator.
  std::vector<std::string> warnings;

  // Tells a chosen value from a default, for defaults that depend on the host (policy at level restricted).
  [[nodiscard]] Source source(std::string_view name) const;
};

// Replaces every 0 that means "automatic" by a value that fits a machine with this many CPUs and so many
// bytes of memory (0: unknown), on which `most_cells` may be there at once, ready or running (0: no bound).
[[nodiscard]] Options with_automatic_values(Options options, std::uint32_t cpu_count, std::uint64_t memory,
                                            std::uint32_t most_cells = 0);

}  // namespace cellblock::config
