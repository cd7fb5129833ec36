// cellblock: the command line. Builds the parser, resolves the options, and hands over to a command.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/cell_view.hpp"
#include "cli/commands.hpp"
#include "cli/secrets.hpp"
#include "cli/setup.hpp"
#include "config/nearest.hpp"
#include "config/parse.hpp"
#include "config/value.hpp"
#include "version.hpp"

namespace {

using cellblock::config::CommandLine;
using cellblock::config::Options;

constexpr const char* kAbout =
    "Runs Python that nobody has read, each script in a fresh, sealed, already warm interpreter.";
constexpr const char* kFooter =
    "Examples:\n"
    "  cellblock serve                                     the HTTP service on 127.0.0.1:8080\n"
    "  cellblock run script.py --arg 1 --kwarg name='\"x\"'  one script, without a server\n"
    "  cellblock doctor                                    what this host can and can't do\n"
    "  cellblock config show                               every option's value and where it came from\n"
    "Exit codes: 0 done, 1 script at fault, 2 usage, 3 this host can't seal a cell";
constexpr const char* kServeFooter =
    "Examples:\n"
    "  cellblock serve --port 9000 --time-limit 10 --memory-mb 256\n"
    "  PORT=9000 TIME_LIMIT=10 cellblock serve\n"
    "  curl -s localhost:8080/execute -H 'Content-Type: application/json' \\\n"
    "       -d '{\"script\": \"def main(): return 6 * 7\"}'";
constexpr const char* kRunFooter =
    "Examples:\n"
    "  cellblock run script.py --arg '[1, 2]' --kwarg 'name=\"x\"'\n"
    "  echo 'def main(): return 6 * 7' | cellblock run - --json\n"
    "The result goes to standard output as JSON, what the script prints to standard error.\n"
    "Exit codes: 0 done, 1 script at fault, 2 usage, 3 this host can't seal a cell";
constexpr const char* kShowFooter =
    "Examples:\n"
    "  cellblock config show\n"
    "  cellblock config show --config /etc/cellblock/cellblock.toml --json\n"
    "What it prints can be used as a configuration file.";
constexpr const char* kDoctorFooter =
    "Examples:\n"
    "  cellblock doctor\n"
    "  cellblock doctor --preload numpy,pandas,sklearn\n"
    "Exit codes: 0 the accepted isolation level holds and cells start, 1 they don't, 2 usage";

constexpr const char* kExplainFooter =
    "Examples:\n"
    "  cellblock config explain examples/config/10s-256mb.cfg\n"
    "Exit codes: 0 serve --sandbox-config takes it, 1 it doesn't, 2 usage";

constexpr const char* kKeysFooter =
    "Examples:\n"
    "  cellblock keys add ann --file /etc/cellblock/keys\n"
    "  cellblock keys revoke ann --file /etc/cellblock/keys\n"
    "  cellblock keys list --file /etc/cellblock/keys\n"
    "The file has digests only. A running service takes changes over on SIGHUP, as the user and group that "
    "it\n"
    "runs as: a file that root makes belongs to that group.";

// Everything that options come from.
auto resolved_options(const CommandLine& line, const cellblock::config::CrossCheck& cross_check = {}) {
  auto resolved =
      line.resolve(cellblock::config::process_environment, cellblock::cli::read_sandbox_config, cross_check);
  if (resolved) {
    for (auto& warning : cellblock::config::unknown_variables(cellblock::config::variables_of_process()))
      resolved->warnings.push_back(std::move(warning));
  }
  return resolved;
}

// Asked once: what is left of the machine later is no reason to change a running service.
struct Machine {
  unsigned cpus = std::thread::hardware_concurrency();
  std::uint64_t memory = cellblock::cli::memory_of_this_machine();
  std::uint32_t cells = cellblock::cli::most_cells_of_this_user();

  [[nodiscard]] Options fill_in(const Options& given) const {
    return cellblock::config::with_automatic_values(given, cpus, memory, cells);
  }
};

// Calls `command` with the options as they were given, and with their automatic values.
template <typename Command>
int with_given(const CommandLine& line, const Machine& machine, Command command,
               const cellblock::config::CrossCheck& cross_check = {}) {
  const auto resolved = resolved_options(line, cross_check);
  if (!resolved) {
    for (const std::string& problem : resolved.error())
      std::fprintf(stderr, "cellblock: %s\n", problem.c_str());
    return cellblock::cli::kExitUsage;
  }
  return command(*resolved, machine.fill_in(*resolved));
}

template <typename Command>
int with_options(const CommandLine& line, const Machine& machine, Command command,
                 const cellblock::config::CrossCheck& cross_check = {}) {
  return with_given(
      line, machine, [&](const Options&, const Options& effective) { return command(effective); },
      cross_check);
}

// A command that there is none of, where a command must stand. CLI11 would only say that it did not expect
// it.
std::optional<std::string> mistyped_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    std::vector<std::string> known;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(command->get_name());
    const std::string word = argv[i];
    if (known.empty() || word.starts_with('-')) return std::nullopt;
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      const std::vector<std::string_view> names(known.begin(), known.end());
      return "unknown command '" + word + "', did you mean '" +
             std::string(cellblock::config::nearest_of(word, names)) + "'?";
    }
    at = at->get_subcommand(word);
  }
  return std::nullopt;
}

// What is opened later must not get the number of a standard descriptor that the caller has closed: the log,
// or a line of the C library's, would be written into it.
bool hold_standard_descriptors() {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is given first, so that each closed one gets its own.
    if (::fcntl(standard, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != standard) return false;
  }
  return true;
}

int main_of_cellblock(int argc, char** argv) {
  if (!hold_standard_descriptors()) return cellblock::cli::kExitCannotSeal;
  CLI::App app(kAbout, "cellblock");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "cellblock " + std::string(cellblock::kVersion));
  CLI::App* serve = app.add_subcommand("serve", "Answer POST /execute over HTTP");
  serve->footer(kServeFooter);
  const CommandLine serve_line(*serve);
  CLI::App* run = app.add_subcommand("run", "Run one script and print its result");
  run->footer(kRunFooter);
  cellblock::cli::RunArguments arguments;
  run->add_option("FILE", arguments.file, "The script; - reads it from standard input")->required();
  run->add_option("--arg", arguments.args, "A positional argument of main(), as JSON; may be repeated")
      ->allow_extra_args(false);
  run->add_option("--kwarg", arguments.kwargs, "A keyword argument of main(), as NAME=JSON; may be repeated")
      ->allow_extra_args(false);
  run->add_option("--stdin", arguments.stdin_file, "A file that the script reads as standard input");
  run->add_flag("--json", arguments.envelope, "Print the whole answer as JSON");
  const CommandLine run_line(*run);
  CLI::App* doctor = app.add_subcommand("doctor", "Try every wall on this host");
  doctor->footer(kDoctorFooter);
  const CommandLine doctor_line(*doctor);
  CLI::App* config = app.add_subcommand("config", "The configuration, as it is understood");
  config->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show", "Print every option's value and where it came from");
  show->footer(kShowFooter);
  bool as_json = false;
  show->add_flag("--json", as_json, "Print it as JSON");
  const CommandLine show_line(*show);
  CLI::App* explain =
      config->add_subcommand("explain", "Show what an nsjail configuration comes to, by field");
  explain->footer(kExplainFooter);
  std::string explained;
  explain->add_option("FILE", explained, "The configuration, in protobuf text format")->required();
  const CommandLine explain_line(*explain);
  cellblock::cli::KeysArguments key;
  std::uint32_t uid_base = cellblock::config::default_options().uid_base;
  CLI::App* keys = app.add_subcommand("keys", "Make, revoke and list API keys");
  keys->footer(kKeysFooter);
  keys->require_subcommand(1);
  CLI::App* add_key = keys->add_subcommand("add", "Make a key and print it, this once");
  add_key->add_option("NAME", key.name, "What logs call it: letters, digits, '.', '_', '-'")->required();
  CLI::App* revoke_key = keys->add_subcommand("revoke", "Have a key refused from the next reload on");
  revoke_key->add_option("NAME", key.name, "The key's name, as 'keys list' prints it")->required();
  CLI::App* list_keys = keys->add_subcommand("list", "Print the names of the keys");
  for (CLI::App* command : {add_key, revoke_key, list_keys}) {
    command->add_option("--file", key.file, "The keys file, see the option keys-file of serve")->required();
    command->add_option("--uid-base", uid_base, "The option uid-base of the service that reads the file")
        ->envname("CELLBLOCK_UID_BASE")
        ->check(CLI::Range(1U, std::numeric_limits<std::uint32_t>::max()));
  }
  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->footer("Example:\n  cellblock version");
  if (const auto mistyped = mistyped_command(app, argc, argv)) {
    std::fprintf(stderr, "cellblock: %s\n", mistyped->c_str());
    return cellblock::cli::kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help arrives as an exception too, with exit code 0.
    return app.exit(error) == 0 ? cellblock::cli::kExitOk : cellblock::cli::kExitUsage;
  }
  key.service_id = uid_base - 1;
  const Machine machine;
  if (serve->parsed()) {
    const auto command = [&](const Options& options) {
      return cellblock::cli::serve(options, [&]() {
        return resolved_options(serve_line).map([&](const Options& given) { return machine.fill_in(given); });
      });
    };
    return with_options(serve_line, machine, command, cellblock::cli::server_problems);
  }
  if (doctor->parsed()) return with_options(doctor_line, machine, cellblock::cli::doctor);
  if (show->parsed()) {
    const auto command = [&](const Options& given, const Options& effective) {
      for (const std::string& warning : given.warnings)
        std::fprintf(stderr, "cellblock: warning: %s\n", warning.c_str());
      return cellblock::cli::config_show(given, effective, as_json);
    };
    return with_given(show_line, machine, command, cellblock::cli::server_problems);
  }
  if (explain->parsed()) {
    return with_options(explain_line, machine, [&](const Options& options) {
      return cellblock::cli::config_explain(options, explained);
    });
  }
  if (add_key->parsed()) return cellblock::cli::keys_add(key);
  if (revoke_key->parsed()) return cellblock::cli::keys_revoke(key);
  if (list_keys->parsed()) return cellblock::cli::keys_list(key);
  if (version->parsed()) return cellblock::cli::version();
  return with_options(run_line, machine,
                      [&](const Options& options) { return cellblock::cli::run(options, arguments); });
}

}  // namespace

// What comes here is no thread or no memory that can be had: libraries say so by exceptions.
int main(int argc, char** argv) {
  try {
    return main_of_cellblock(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cellblock: start: %s (raise the limits of processes and memory)\n", error.what());
    return cellblock::cli::kExitCannotSeal;
  }
}
