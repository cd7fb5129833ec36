#include "config/parse.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <CLI/CLI.hpp>

#include "config/nearest.hpp"
#include "config/option_table.hpp"
#include "config/text.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

constexpr std::string_view kOwnPrefix = "CELLBLOCK_";

// A value as somebody wrote it, and where.
struct Given {
  std::string text;
  Source source = Source::kDefault;
  bool own_variable = false;  // of the environment, and no other program sets it
  std::string place;          // "flag --port", "environment variable PORT", "file /etc/cellblock.toml"
};

std::string help_text(const OptionSpec& spec) {
  return std::string(spec.help) + "\n  default " + default_text(spec) + "; " + allowed_text(spec) + "; env " +
         joined(environment_names(spec), ", ") +
         (spec.restart ? "; a change needs a restart" : "; changes on SIGHUP");
}

CLI::Option* add_flag(CLI::App& app, const OptionSpec& spec) {
  CLI::Option* flag = app.add_option("--" + std::string(spec.name));
  flag->description(help_text(spec))->group(std::string(spec.group));
  // A switch may stand alone. Otherwise exactly one word belongs to a flag, or it would swallow positionals.
  flag->expected(is_switch(spec) ? 0 : 1, 1)->allow_extra_args(false);
  flag->multi_option_policy(is_list(spec) ? CLI::MultiOptionPolicy::TakeAll
                                          : CLI::MultiOptionPolicy::TakeLast);
  flag->option_text(std::string(placeholder(spec)));
  return flag;
}

std::optional<Given> from_flag(const OptionSpec& spec, const CLI::Option& flag) {
  if (flag.count() == 0) return std::nullopt;
  const auto& words = flag.results();
  Given given{is_list(spec) ? joined(words, ",") : words.back(), Source::kFlag, false,
              "flag --" + std::string(spec.name)};
  if (is_switch(spec) && given.text.empty()) given.text = "true";
  return given;
}

std::optional<Given> from_environment(const OptionSpec& spec, const ReadVariable& read_variable) {
  for (const auto& name : environment_names(spec)) {
    auto text = read_variable(name);
    if (!text || (text->empty() && !is_list(spec))) continue;
    return Given{std::move(*text), Source::kEnvironment, name.starts_with(kOwnPrefix),
                 "environment variable " + name};
  }
  return std::nullopt;
}

// Sets rows one after the other and remembers what went wrong.
class Resolver {
 public:
  void set(const OptionSpec& spec, const Given& given) {
    if (set_value(spec, given.text, options_)) {
      options_.sources[std::string(spec.name)] = given.source;
      options_.places[std::string(spec.name)] = given.place;
      return;
    }
    const std::string text = std::string(spec.name) + " = '" + given.text + "' (" + given.place +
                             "): must be " + allowed_text(spec);
    if (given.source == Source::kEnvironment && spec.lenient_environment && !given.own_variable) {
      options_.warnings.push_back(text + "; taken for " + default_text(spec));
    } else {
      wrong_.emplace(spec.name);
      problems_.push_back(text);
    }
  }

  // Only what nothing else has been said about.
  void set_unless_given(const OptionSpec& spec, const std::vector<std::string>& values) {
    if (options_.source(spec.name) != Source::kDefault || values.empty()) return;
    const bool done =
        is_list(spec) ? set_elements(spec, values, options_) : set_value(spec, values.back(), options_);
    if (done) {
      options_.sources[std::string(spec.name)] = Source::kSandboxConfig;
    } else {
      problems_.push_back(std::string(spec.name) + " = '" + joined(values, ",") + "' (file " +
                          options_.sandbox_config + "): must be " + allowed_text(spec));
    }
  }

  void add(Problems problems) {
    for (auto& problem : problems) problems_.push_back(std::move(problem));
  }

  [[nodiscard]] const Options& so_far() const { return options_; }
  [[nodiscard]] const Wrong& wrong() const { return wrong_; }

  [[nodiscard]] tl::expected<Options, Problems> result() {
    if (!problems_.empty()) return tl::make_unexpected(std::move(problems_));
    return std::move(options_);
  }

 private:
  Options options_ = default_options();
  Problems problems_;
  Wrong wrong_;
};

Problems unknown_arguments(const CLI::App& app) {
  Problems problems;
  for (const std::string& argument : app.remaining()) {
    if (!argument.starts_with("--")) {
      problems.push_back("unexpected argument '" + argument + "'");
      continue;
    }
    const std::string flag = argument.substr(0, argument.find('='));
    problems.push_back("unknown flag '" + flag + "', did you mean '--" +
                       std::string(nearest_name(flag.substr(2))) + "'?");
  }
  return problems;
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  if (text == nullptr) return std::nullopt;
  return text;
}

std::vector<std::string> variables_of_process() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

Problems unknown_variables(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const OptionSpec& spec : option_table()) {
    for (std::string& name : environment_names(spec)) known.push_back(std::move(name));
  }
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  Problems warnings;
  for (const std::string& name : names) {
    const bool of_kubernetes = name == "CELLBLOCK_PORT" || name.starts_with("CELLBLOCK_PORT_") ||
                               name.starts_with("CELLBLOCK_SERVICE_");
    if (!name.starts_with(kOwnPrefix) || of_kubernetes) continue;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    warnings.push_back("environment variable " + name + " is not known, did you mean " +
                       std::string(nearest_of(name, candidates)) + "?");
  }
  return warnings;
}

CommandLine::CommandLine(CLI::App& app) : app_(app) {
  app.allow_extras();
  for (const OptionSpec& spec : option_table()) flags_.push_back(add_flag(app, spec));
}

tl::expected<Options, Problems> CommandLine::resolve(const ReadVariable& read_variable,
                                                     const ReadSandboxConfig& read_sandbox_config,
                                                     const CrossCheck& cross_check) const {
  Resolver resolver;
  resolver.add(unknown_arguments(app_));

  // First what can't stand in the file, since the path of the file is among it; the file comes next, so that
  // its values are there for the rest.
  FileContents file;
  std::string path;
  for (const bool in_file : {false, true}) {
    for (std::size_t i = 0; i < flags_.size(); ++i) {
      const OptionSpec& spec = option_table()[i];
      if (spec.in_file != in_file) continue;
      auto given = from_flag(spec, *flags_[i]);
      if (!given) given = from_environment(spec, read_variable);
      const auto line = file.values.find(spec.name);
      if (!given && line != file.values.end())
        given = Given{line->second, Source::kFile, false, "file " + path};
      if (given) resolver.set(spec, *given);
    }
    if (in_file || resolver.so_far().config.empty()) continue;
    path = resolver.so_far().config;
    if (auto contents = read_config(path)) {
      file = std::move(*contents);
      resolver.add(file.problems);
    } else {
      resolver.add({contents.error()});
    }
  }
  // Last, since it gives way to all others.
  if (read_sandbox_config && !resolver.so_far().sandbox_config.empty()) {
    ForeignValues foreign = read_sandbox_config(resolver.so_far().sandbox_config, resolver.so_far());
    resolver.add(std::move(foreign.problems));
    for (const OptionSpec& spec : option_table()) {
      const auto found = foreign.values.find(spec.name);
      if (found != foreign.values.end()) resolver.set_unless_given(spec, found->second);
    }
  }
  if (cross_check) resolver.add(cross_check(resolver.so_far(), resolver.wrong()));
  return resolver.result();
}

}  // namespace cellblock::config
