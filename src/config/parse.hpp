// Flags, environment and file become Options, or a list of everything that is wrong with them.
//
//   CLI::App app; auto* serve = app.add_subcommand("serve");
//   CommandLine options(*serve);          // before app.parse()
//   app.parse(argc, argv);
//   auto result = options.resolve(process_environment);
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/config_file.hpp"
#include "config/options.hpp"

// CLI11's own name.
namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
class Option;
}  // namespace CLI

namespace cellblock::config {

// How a variable of the environment is read; a function so that tests need no real one.
using ReadVariable = std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process. Must not run while another thread changes it.
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

// What a file of another program's format comes to, by option; several values for an option that is a list.
struct ForeignValues {
  std::map<std::string, std::vector<std::string>, std::less<>> values;
  Problems problems;
};
// How the file that `sandbox-config` names is read. The options are those of all other sources.
using ReadSandboxConfig = std::function<ForeignValues(const std::string& path, const Options& others)>;

// What is wrong with options as they go together, or with what they name. Options in `wrong` have an error of
// their own already, and stand at their default.
using Wrong = std::set<std::string, std::less<>>;
using CrossCheck = std::function<Problems(const Options& options, const Wrong& wrong)>;

// Warnings about variables that begin like this program's and are not among them. Those that Kubernetes sets
// for a service of this name are left out.
[[nodiscard]] Problems unknown_variables(const std::vector<std::string>& names);
// The names of all variables of this process.
[[nodiscard]] std::vector<std::string> variables_of_process();

class CommandLine {
 public:
  // Adds a flag for each row of the table, with its help. Unknown arguments are let through by CLI11 and
  // reported by resolve(), beside everything else that is wrong. `app` must outlive this object.
  explicit CommandLine(CLI::App& app);

  // After the parse. A flag wins over the environment, that over the file, that over what `sandbox-config`
  // names, that over the default. An empty variable counts as one that is not set, except for lists, where it
  // is the empty list. Zeros that mean "automatic" are left as they are: see with_automatic_values().
  [[nodiscard]] tl::expected<Options, Problems> resolve(const ReadVariable& read_variable,
                                                        const ReadSandboxConfig& read_sandbox_config = {},
                                                        const CrossCheck& cross_check = {}) const;

 private:
  CLI::App& app_;
  std::vector<CLI::Option*> flags_;  // in the order of the table; owned by the app
};

}  // namespace cellblock::config
