#include "config/option_table.hpp"

#include <algorithm>
#include <cctype>

#include "config/cell_view.hpp"

namespace cellblock::config {
namespace {

// Of Python's standard library what short scripts like to import; the rest costs a few milliseconds when it
// is asked for.
constexpr std::string_view kLightModules =
    "abc,array,base64,bisect,calendar,collections.abc,contextlib,copy,csv,dataclasses,datetime,decimal,enum,"
    "fractions,functools,hashlib,heapq,io,itertools,json,math,operator,os,pathlib,pickle,random,re,secrets,"
    "shutil,"
    "statistics,string,struct,sys,tempfile,textwrap,threading,time,traceback,types,typing,urllib.parse,uuid";

constexpr std::string_view kServer = "Server";
constexpr std::string_view kClients = "Clients";
constexpr std::string_view kLimits = "Limits of one execution";
constexpr std::string_view kCapacity = "Capacity";
constexpr std::string_view kIsolation = "Isolation";
constexpr std::string_view kLogs = "Logs";

bool not_empty(std::string_view text) {
  return !text.empty();
}

bool absolute_path(std::string_view text) {
  return text.starts_with('/');
}

bool empty_or_absolute_path(std::string_view text) {
  return text.empty() || absolute_path(text);
}

bool host_name(std::string_view text) {
  return text == "*" || (!text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '-' || letter == '_' || letter == '.';
         }));
}

// As browsers write it: a scheme and a host, no path.
bool origin(std::string_view text) {
  const auto scheme = text.find("://");
  if (text == "*") return true;
  return scheme != std::string_view::npos && scheme > 0 && text.size() > scheme + 3 &&
         text.find_first_of("/ \"", scheme + 3) == std::string_view::npos;
}

bool module_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '_' || letter == '.';
         });
}

bool is_bind(std::string_view text) {
  return read_bind(text).has_value();
}

bool is_scratch(std::string_view text) {
  return read_scratch(text).has_value();
}

bool is_system_call_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
    return std::islower(letter) != 0 || std::isdigit(letter) != 0 || letter == '_';
  });
}

std::vector<OptionSpec> server_rows() {
  return {
      {.name = "config",
       .target = &Options::config,
       .expected = "a path",
       .in_file = false,
       .group = kServer,
       .help = "Configuration file with lines of the form name = value"},
      {.name = "sandbox-config",
       .target = &Options::sandbox_config,
       .expected = "a path",
       .group = kServer,
       .help = "Configuration of nsjail's whose limits and mounts are taken over where nothing else is said; "
               "'cellblock config explain' shows what it comes to"},
      {.name = "host",
       .target = &Options::host,
       .standard = "127.0.0.1",
       .accepts = not_empty,
       .expected = "an address",
       .group = kServer,
       .help = "Address to listen on"},
      // No CELLBLOCK_PORT: Kubernetes sets it to "tcp://…" beside a service that is named cellblock.
      {.name = "port",
       .target = &Options::port,
       .standard = "8080",
       .lowest = 0,
       .highest = 65'535,
       .environment = {"PORT"},
       .group = kServer,
       .help = "TCP port to listen on; 0 takes any free one"},
      {.name = "tls-certificate",
       .target = &Options::tls_certificate,
       .accepts = empty_or_absolute_path,
       .expected = "an absolute path, or nothing",
       .group = kServer,
       .help =
           "PEM file with the certificate, and those above it, of a service that speaks HTTPS; read again at "
           "SIGHUP; empty: plain HTTP"},
      {.name = "tls-key",
       .target = &Options::tls_key,
       .accepts = empty_or_absolute_path,
       .expected = "an absolute path, or nothing",
       .group = kServer,
       .help = "PEM file with its key, which others must not be able to read"},
      {.name = "threads",
       .target = &Options::threads,
       .standard = "0",
       .lowest = 0,
       .highest = 256,
       .group = kServer,
       .help = "Threads that serve HTTP; 0: one for every two CPUs"},
      {.name = "max-connections",
       .target = &Options::max_connections,
       .standard = "2000",
       .lowest = 1,
       .highest = 1'000'000,
       .group = kServer,
       .help = "Connections held open at once; beyond, an idle one has to give way to a new one"},
      {.name = "max-body-mb",
       .target = &Options::max_body_bytes,
       .standard = "16",
       .lowest = 1,
       .highest = 1024,
       .unit = Unit::kMegabytes,
       .group = kServer,
       .help = "Largest request body"},
      {.name = "request-memory-mb",
       .target = &Options::request_memory_bytes,
       .standard = "0",
       .lowest = 0,
       .highest = 1'048'576,
       .unit = Unit::kMegabytes,
       .group = kServer,
       .help =
           "Memory for all requests and unread answers together, beyond 64 KB for each; requests that find "
           "none are refused with 503. 0: an eighth of the machine's, at least 512 MB. Always enough for one "
           "request of max-body-mb and one answer of result-mb"},
      {.name = "header-timeout",
       .target = &Options::header_timeout,
       .standard = "30",
       .lowest = 0.1,
       .highest = 3600,
       .unit = Unit::kSeconds,
       .group = kServer,
       .help = "Time a client has to send the header of its request"},
      {.name = "idle-timeout",
       .target = &Options::idle_timeout,
       .standard = "60",
       .lowest = 0.1,
       .highest = 86'400,
       .unit = Unit::kSeconds,
       .group = kServer,
       .help = "Time a connection may stay open between requests"},
      {.name = "stall-timeout",
       .target = &Options::stall_timeout,
       .standard = "20",
       .lowest = 0.1,
       .highest = 3600,
       .unit = Unit::kSeconds,
       .group = kServer,
       .help = "Time a client may pause while it sends a body or takes an answer"},
      {.name = "min-rate-kb",
       .target = &Options::min_rate_bytes,
       .standard = "16",
       .lowest = 0,
       .highest = 1'048'576,
       .unit = Unit::kKilobytes,
       .group = kServer,
       .help = "Bytes that a client must send of a body, or take of an answer, in the average second once it "
               "has had the stall-timeout; 0: any"},
      {.name = "heartbeat",
       .target = &Options::heartbeat,
       .standard = "5",
       .lowest = 0.1,
       .highest = 3600,
       .unit = Unit::kSeconds,
       .group = kServer,
       .help = "Time after which a streamed answer that has nothing to tell shows that it is alive"},
      {.name = "drain-limit",
       .target = &Options::drain_limit,
       .standard = "30",
       .lowest = 0,
       .highest = 3600,
       .unit = Unit::kSeconds,
       .restart = false,
       .group = kServer,
       .help = "Time that running executions get to finish when the service stops"},
  };
}

std::vector<OptionSpec> replay_rows() {
  return {
      {.name = "idempotency-expiry",
       .target = &Options::idempotency_expiry,
       .standard = "3600",
       .lowest = 1,
       .highest = 604'800,
       .unit = Unit::kSeconds,
       .group = kServer,
       .help = "Time for which the answer to a request with an Idempotency-Key is kept, as memory allows"},
      {.name = "idempotency-memory-mb",
       .target = &Options::idempotency_bytes,
       .standard = "64",
       .lowest = 1,
       .highest = 1'048'576,
       .unit = Unit::kMegabytes,
       .group = kServer,
       .help = "Memory for these answers, beside request-memory-mb; the oldest make room for new ones"},
      {.name = "idempotency-entries",
       .target = &Options::idempotency_entries,
       .standard = "10000",
       .lowest = 1,
       .highest = 10'000'000,
       .group = kServer,
       .help = "How many such answers are kept at most"},
      {.name = "batch-executions",
       .target = &Options::batch_executions,
       .standard = "4",
       .lowest = 1,
       .highest = 100,
       .group = kServer,
       .help = "Executions that one POST /batch may have under way at once"},
  };
}

std::vector<OptionSpec> client_rows() {
  return {
      {.name = "keys-file",
       .target = &Options::keys_file,
       .accepts = empty_or_absolute_path,
       .expected = "an absolute path, or nothing",
       .group = kClients,
       .help = "File with the API keys that /execute and /batch ask for, made by 'cellblock keys add'; read "
               "again "
               "at SIGHUP; empty: nobody needs a key"},
      {.name = "metrics-key",
       .target = &Options::metrics_key,
       .standard = "false",
       .group = kClients,
       .help = "/metrics asks for a key too"},
      {.name = "client-rate",
       .target = &Options::client_rate,
       .standard = "0",
       .lowest = 0,
       .highest = 1'000'000,
       .group = kClients,
       .help =
           "Executions that a client may ask for in a second, in the long run; more are refused with 429. A "
           "client is an API key, or an address where there are no keys; 0: any number"},
      {.name = "client-burst",
       .target = &Options::client_burst,
       .standard = "20",
       .lowest = 1,
       .highest = 1'000'000,
       .group = kClients,
       .help = "Executions that a client may ask for in a row after it was quiet, where client-rate is set"},
      {.name = "client-executions",
       .target = &Options::client_executions,
       .standard = "0",
       .lowest = 0,
       .highest = 1'000'000,
       .group = kClients,
       .help =
           "Executions that one client may have at once, waiting ones too; more are refused with 429. 0: any "
           "number"},
      {.name = "allowed-hosts",
       .target = &Options::allowed_hosts,
       .accepts = host_name,
       .expected = "a comma-separated list of host names without ports, or *",
       .group = kClients,
       .help =
           "Names that requests may have as their Host, beside addresses, localhost and names without a dot. "
           "Checked on a loopback address, or when a name is given; * allows any"},
      {.name = "cors-origins",
       .target = &Options::cors_origins,
       .accepts = origin,
       .expected = "a comma-separated list such as https://app.example.org, or *",
       .group = kClients,
       .help = "Origins of web pages that may ask and read the answers; empty: none"},
  };
}

std::vector<OptionSpec> limit_rows() {
  return {
      {.name = "time-limit",
       .target = &Options::time_limit,
       .standard = "30",
       .lowest = 0.001,
       .highest = 86'400,
       .unit = Unit::kSeconds,
       .environment = {"TIME_LIMIT", "CELLBLOCK_TIME_LIMIT", "PYEXEC_TIMEOUT"},
       .restart = false,
       .group = kLimits,
       .help = "Wall time"},
      {.name = "cpu-limit",
       .target = &Options::cpu_limit,
       .standard = "30",
       .lowest = 1,
       .highest = 86'400,
       .unit = Unit::kSeconds,
       .restart = false,
       .group = kLimits,
       .help = "CPU time, user and system together"},
      {.name = "memory-mb",
       .target = &Options::memory_bytes,
       .standard = "512",
       .lowest = 16,
       .highest = 1'048'576,
       .unit = Unit::kMegabytes,
       .group = kLimits,
       .help = "Memory beyond what is shared with the zygote"},
      {.name = "cpus",
       .target = &Options::cpus,
       .standard = "1",
       .lowest = 0.01,
       .highest = 1024,
       .group = kLimits,
       .help = "CPUs that one execution may keep busy; fractions are allowed"},
      {.name = "file-mb",
       .target = &Options::file_bytes,
       .standard = "10",
       .lowest = 1,
       .highest = 1'048'576,
       .unit = Unit::kMegabytes,
       .group = kLimits,
       .help = "Size of one file"},
      {.name = "processes",
       .target = &Options::processes,
       .standard = "128",
       .lowest = 1,
       .highest = 32'768,
       .group = kLimits,
       .help = "Processes and threads together"},
      {.name = "open-files",
       .target = &Options::open_files,
       .standard = "128",
       .lowest = 16,
       .highest = 65'536,
       .group = kLimits,
       .help = "Open descriptors of one process"},
      {.name = "max-script-bytes",
       .target = &Options::max_script_bytes,
       .standard = "204800",
       .lowest = 1,
       .highest = 16'777'216,
       .unit = Unit::kBytes,
       .environment = {"CELLBLOCK_MAX_SCRIPT_BYTES", "PYEXEC_MAX_SCRIPT_CHARS"},
       .restart = false,
       .group = kLimits,
       .help = "Size of a script as UTF-8"},
      {.name = "output-kb",
       .target = &Options::output_bytes,
       .standard = "1024",
       .lowest = 1,
       .highest = 65'536,
       .unit = Unit::kKilobytes,
       .group = kLimits,
       .help = "Captured standard output, and likewise standard error; the rest is dropped"},
      {.name = "result-mb",
       .target = &Options::result_bytes,
       .standard = "16",
       .lowest = 1,
       .highest = 1024,
       .unit = Unit::kMegabytes,
       .group = kLimits,
       .help = "Size of the result as JSON"},
      {.name = "files-mb",
       .target = &Options::files_bytes,
       .standard = "16",
       .lowest = 1,
       .highest = 1024,
       .unit = Unit::kMegabytes,
       .group = kLimits,
       .help = "Size of the files that a request brings, together, and of those that an answer holds"},
      {.name = "display-items",
       .target = &Options::display_items,
       .standard = "64",
       .lowest = 1,
       .highest = 1024,
       .group = kLimits,
       .help = "Values and figures that an answer shows, when its request asks for 'display'"},
      {.name = "display-item-kb",
       .target = &Options::display_item_bytes,
       .standard = "4096",
       .lowest = 1,
       .highest = 1'048'576,
       .unit = Unit::kKilobytes,
       .group = kLimits,
       .help = "Size of one representation of a value or figure, before base64"},
      {.name = "display-kb",
       .target = &Options::display_bytes,
       .standard = "8192",
       .lowest = 1,
       .highest = 1'048'576,
       .unit = Unit::kKilobytes,
       .group = kLimits,
       .help = "Size of all representations that an answer shows, before base64"},
      {.name = "workdir-mb",
       .target = &Options::workdir_bytes,
       .standard = "64",
       .lowest = 1,
       .highest = 65'536,
       .unit = Unit::kMegabytes,
       .group = kLimits,
       .help = "Size of the working directory"},
      {.name = "workdir-inodes",
       .target = &Options::workdir_inodes,
       .standard = "4096",
       .lowest = 16,
       .highest = 1'048'576,
       .group = kLimits,
       .help = "Files and directories in the working directory"},
  };
}

std::vector<OptionSpec> capacity_rows() {
  return {
      {.name = "max-executions",
       .target = &Options::max_executions,
       .standard = "0",
       .lowest = 0,
       .highest = 16'384,
       .group = kCapacity,
       .help = "Executions at once; 0: 64 for each CPU, less where memory is short, at least 64"},
      {.name = "max-queued",
       .target = &Options::max_queued,
       .standard = "1000",
       .lowest = 0,
       .highest = 1'000'000,
       .restart = false,
       .group = kCapacity,
       .help = "Executions that may wait; more are refused with 503"},
      {.name = "pool-size",
       .target = &Options::pool_size,
       .standard = "0",
       .lowest = 0,
       .highest = 4096,
       .group = kCapacity,
       .help =
           "Ready cells kept in stock, light ones and as many with the modules of 'preload'; 0: 64 for each "
           "CPU, less where memory is short"},
      {.name = "zygote-lifetime",
       .target = &Options::zygote_lifetime,
       .standard = "86400",
       .lowest = 0,
       .highest = 31'536'000,
       .unit = Unit::kSeconds,
       .group = kCapacity,
       .help =
           "How long cells are made from the same process before another takes its place, which no request "
           "notices; 0: for ever"},
      {.name = "preload-light",
       .target = &Options::preload_light,
       .standard = kLightModules,
       .accepts = module_name,
       .expected = "a comma-separated list of module names",
       .group = kCapacity,
       .help = "Modules that are imported before a script arrives which names none of 'preload'; empty: "
               "no light cells"},
      {.name = "preload",
       .target = &Options::preload,
       .standard = "numpy,pandas",
       .accepts = module_name,
       .expected = "a comma-separated list of module names",
       .group = kCapacity,
       .help =
           "Modules that are imported before a script arrives which names one of them, or one that is not "
           "of Python's standard library"},
      {.name = "preload-extended",
       .target = &Options::preload_extended,
       .standard = "",
       .accepts = module_name,
       .expected = "a comma-separated list of module names",
       .group = kCapacity,
       .help = "Further modules, such as scipy,sklearn,matplotlib.pyplot, that are imported before a script "
               "arrives which names one of them"},
  };
}

std::vector<OptionSpec> isolation_rows() {
  return {
      {.name = "policy",
       .target = &Options::policy,
       .standard = "sandbox",
       .choices = {"sandbox", "strict"},
       .restart = false,
       .group = kIsolation,
       .help = "What is refused before a script runs: nothing beyond the contract, or the deny-lists too"},
      {.name = "isolation",
       .target = &Options::isolation,
       .standard = "full",
       .choices = {"full", "restricted"},
       .group = kIsolation,
       .help =
           "Lowest isolation level to accept; below it the service does not start. restricted is for hosts "
           "that forbid namespaces"},
      {.name = "dangerously-run-without-isolation",
       .target = &Options::without_isolation,
       .standard = "false",
       .group = kIsolation,
       .help = "Start where not even level restricted can be had: scripts run as ordinary processes of the "
               "service's user"},
      {.name = "backend",
       .target = &Options::backend,
       .standard = "native",
       .choices = {"native", "nsjail"},
       .group = kIsolation,
       .help = "What makes the cells: the service itself, or one nsjail for each, found on PATH. nsjail is "
               "slower, needs root, and is for comparisons, audits and hosts that demand it"},
      {.name = "library-path",
       .target = &Options::library_path,
       .accepts = absolute_path,
       .expected = "a comma-separated list of absolute paths",
       .group = kIsolation,
       .help = "More directories that cells can read, and import from"},
      {.name = "uid-base",
       .target = &Options::uid_base,
       .standard = "1900000000",
       .lowest = 65'536,
       .highest = 4'294'000'000,
       .group = kIsolation,
       .help = "First of the user ids that cells get, one each"},
      {.name = "cgroup-root",
       .target = &Options::cgroup_root,
       .accepts = empty_or_absolute_path,
       .expected = "an absolute path, or nothing",
       .group = kIsolation,
       .help = "Control group under which cells get theirs; empty: found automatically"},
      {.name = "hostname",
       .target = &Options::hostname,
       .standard = "cell",
       .accepts = is_host_name,
       .expected = "up to 63 letters, digits, dots, hyphens and underscores",
       .group = kIsolation,
       .help = "Host name that scripts see; needs level full"},
      {.name = "cell-environment",
       .target = &Options::cell_environment,
       .accepts = is_cell_variable,
       .expected = "a comma-separated list of NAME=VALUE, without what cellblock or the loader sets",
       .group = kIsolation,
       .help = "More variables in the environment of scripts, for all to read"},
      {.name = "bind",
       .target = &Options::binds,
       .accepts = is_bind,
       .expected = "a comma-separated list of PATH or PATH:PLACE, absolute and outside of cells' own places",
       .group = kIsolation,
       .help =
           "Directories and files of the host that cells can read, at the same path or at PLACE; files are "
           "copied at the start and are 1 MB at most; needs level full"},
      {.name = "tmpfs",
       .target = &Options::scratch,
       .accepts = is_scratch,
       .expected = "a comma-separated list of PLACE:MB, absolute and outside of cells' own places",
       .group = kIsolation,
       .help = "More directories that scripts can write to, empty at first and with as many inodes as the "
               "working directory; needs level full"},
      {.name = "refuse-calls",
       .target = &Options::refused_calls,
       .accepts = is_system_call_name,
       .expected = "a comma-separated list of names of system calls",
       .group = kIsolation,
       .help = "System calls that scripts may not make though the seccomp policy has them"},
      {.name = "dangerously-show-private-files",
       .target = &Options::show_private_files,
       .standard = "false",
       .group = kIsolation,
       .help = "Let 'bind' name places where hosts keep secrets, such as /etc, /home and /var"},
  };
}

std::vector<OptionSpec> log_rows() {
  return {
      {.name = "log-level",
       .target = &Options::log_level,
       .standard = "info",
       .choices = {"debug", "info", "warn", "error"},
       .restart = false,
       .group = kLogs,
       .help = "Least severe messages that are logged"},
      {.name = "environment",
       .target = &Options::environment,
       .standard = "development",
       .choices = {"development", "production"},
       .environment = {"ENVIRONMENT", "CELLBLOCK_ENVIRONMENT"},
       .lenient_environment = true,
       .group = kLogs,
       .help = "production writes logs as JSON"},
  };
}

std::vector<OptionSpec> all_rows() {
  std::vector<OptionSpec> rows;
  for (const auto& part : {server_rows(), replay_rows(), client_rows(), limit_rows(), capacity_rows(),
                           isolation_rows(), log_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace

std::span<const OptionSpec> option_table() {
  // Constant data: the only reason for `static` is that a vector cannot be constexpr.
  static const std::vector<OptionSpec> kRows = all_rows();
  return kRows;
}

std::vector<std::string> environment_names(const OptionSpec& spec) {
  if (!spec.environment.empty()) return {spec.environment.begin(), spec.environment.end()};
  std::string name = "CELLBLOCK_";
  for (const char letter : spec.name) {
    name += letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return {name};
}

}  // namespace cellblock::config
