#include "config/parse.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <CLI/CLI.hpp>

#include "config/option_table.hpp"

namespace cellblock::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CommandLineTest : public ::testing::Test {
 protected:
  ~CommandLineTest() override { std::filesystem::remove(path_); }

  using Variables = std::map<std::string, std::string>;

  // One run of `cellblock serve …`.
  static tl::expected<Options, Problems> run(const std::string& arguments, const Variables& variables = {}) {
    CLI::App app;
    CLI::App* serve = app.add_subcommand("serve");
    const CommandLine command_line(*serve);
    app.parse("serve " + arguments);
    return command_line.resolve([&](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    });
  }

  static Options good(const std::string& arguments, const Variables& variables = {}) {
    auto result = run(arguments, variables);
    if (result) return *result;
    for (const auto& problem : result.error()) ADD_FAILURE() << problem;
    return {};
  }

  static Problems problems(const std::string& arguments, const Variables& variables = {}) {
    auto result = run(arguments, variables);
    return result ? Problems{} : result.error();
  }

  std::string file(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }

  // A name of its own for each test: they run at the same time.
  const std::string path_ = ::testing::TempDir() + "cellblock_" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml";
};

TEST_F(CommandLineTest, UsesDefaultsWhenNothingIsGiven) {
  const Options options = good("");
  EXPECT_EQ(options.port, 8080U);
  EXPECT_EQ(options.source("port"), Source::kDefault);
}

TEST_F(CommandLineTest, PrefersFlagThenEnvironmentThenFileThenDefault) {
  const std::string path = file("port = 1\nthreads = 1\nmax-queued = 1\n");
  const Options options = good("--port 3 --config " + path, {{"PORT", "2"}, {"CELLBLOCK_THREADS", "2"}});
  EXPECT_EQ(options.port, 3U);
  EXPECT_EQ(options.threads, 2U);
  EXPECT_EQ(options.max_queued, 1U);
  EXPECT_EQ(options.pool_size, 0U);
  EXPECT_EQ(options.source("port"), Source::kFlag);
  EXPECT_EQ(options.source("threads"), Source::kEnvironment);
  EXPECT_EQ(options.source("max-queued"), Source::kFile);
  EXPECT_EQ(options.source("pool-size"), Source::kDefault);
}

TEST_F(CommandLineTest, FindsTheFileThroughTheEnvironment) {
  const Options options =
      good("", {{"CELLBLOCK_CONFIG", file("host = '::1'\npreload = ['scipy', 'numpy']\n")}});
  EXPECT_EQ(options.host, "::1");
  EXPECT_THAT(options.preload, ElementsAre("scipy", "numpy"));
}

TEST_F(CommandLineTest, ReadsTheVariablesOfOlderSystems) {
  EXPECT_EQ(good("", {{"PYEXEC_TIMEOUT", "7"}}).time_limit, std::chrono::seconds{7});
  EXPECT_EQ(good("", {{"PYEXEC_TIMEOUT", "7"}, {"TIME_LIMIT", "8"}}).time_limit, std::chrono::seconds{8});
  EXPECT_EQ(good("", {{"PYEXEC_MAX_SCRIPT_CHARS", "900"}}).max_script_bytes, 900U);
}

TEST_F(CommandLineTest, TakesAnEmptyVariableForOneThatIsNotSet) {
  EXPECT_EQ(good("", {{"TIME_LIMIT", ""}, {"PYEXEC_TIMEOUT", "7"}}).time_limit, std::chrono::seconds{7});
  EXPECT_EQ(good("", {{"CELLBLOCK_HOST", ""}}).host, "127.0.0.1");
}

TEST_F(CommandLineTest, TakesAnEmptyVariableForAnEmptyList) {
  EXPECT_THAT(good("", {{"CELLBLOCK_PRELOAD", ""}}).preload, IsEmpty());
}

TEST_F(CommandLineTest, TakesForeignValuesOfEnvironmentForDevelopment) {
  EXPECT_EQ(good("", {{"ENVIRONMENT", "staging"}}).environment, Stage::kDevelopment);
  EXPECT_EQ(good("", {{"ENVIRONMENT", "production"}}).environment, Stage::kProduction);
  EXPECT_THAT(problems("--environment staging"),
              ElementsAre("environment = 'staging' (flag --environment): must be one of development, "
                          "production"));
}

TEST_F(CommandLineTest, WarnsOfAForeignValueOfEnvironmentAndRefusesOneOfItsOwnVariable) {
  EXPECT_THAT(
      good("", {{"ENVIRONMENT", "prod"}}).warnings,
      ElementsAre("environment = 'prod' (environment variable ENVIRONMENT): must be one of development, "
                  "production; taken for development"));
  EXPECT_THAT(good("", {{"ENVIRONMENT", "production"}}).warnings, IsEmpty());
  EXPECT_THAT(problems("", {{"CELLBLOCK_ENVIRONMENT", "prod"}}),
              ElementsAre("environment = 'prod' (environment variable CELLBLOCK_ENVIRONMENT): must be one of "
                          "development, production"));
}

TEST_F(CommandLineTest, AddsWhatIsWrongWithOptionsTogetherToAllOthers) {
  CLI::App app;
  const CommandLine command_line(app);
  app.parse("cellblock --port x --host here", true);
  const auto options = command_line.resolve([](const std::string&) { return std::nullopt; }, {},
                                            [](const Options& so_far, const Wrong& wrong) {
                                              EXPECT_EQ(so_far.host, "here");
                                              EXPECT_THAT(wrong, ElementsAre("port"));
                                              return Problems{"they don't go together"};
                                            });
  ASSERT_FALSE(options);
  EXPECT_THAT(options.error(), ElementsAre(HasSubstr("port = 'x'"), "they don't go together"));
}

TEST(UnknownVariables, AreToldWithTheNearestName) {
  EXPECT_THAT(unknown_variables({"PATH", "CELLBLOCK_TIME_LIMT", "CELLBLOCK_TIME_LIMIT", "CELLBLOC_CPUS"}),
              ElementsAre("environment variable CELLBLOCK_TIME_LIMT is not known, did you mean "
                          "CELLBLOCK_TIME_LIMIT?"));
}

TEST(UnknownVariables, ThoseOfKubernetesAreNotTold) {
  EXPECT_THAT(unknown_variables({"CELLBLOCK_PORT", "CELLBLOCK_PORT_8080_TCP_ADDR", "CELLBLOCK_SERVICE_HOST"}),
              IsEmpty());
}

TEST_F(CommandLineTest, LetsTheLastOfARepeatedFlagCountAndCollectsLists) {
  EXPECT_EQ(good("--port 1 --port=2").port, 2U);
  EXPECT_THAT(good("--preload numpy,scipy --preload json").preload, ElementsAre("numpy", "scipy", "json"));
}

TEST_F(CommandLineTest, ReportsEverythingAtOnceWithItsSource) {
  const std::string path = file("cpus = 'many'\nprot = 1\n");
  EXPECT_THAT(
      problems("--port 65536 --config " + path, {{"TIME_LIMIT", "soon"}}),
      ::testing::UnorderedElementsAre(
          "port = '65536' (flag --port): must be a whole number from 0 to 65535",
          "time-limit = 'soon' (environment variable TIME_LIMIT): must be a time from 0.001 to 86400 s",
          "cpus = 'many' (file " + path + "): must be a number from 0.01 to 1024",
          "file " + path + ": unknown option 'prot', did you mean 'port'?"));
}

TEST_F(CommandLineTest, ReportsAFileThatCannotBeRead) {
  const auto all = problems("--config /nowhere/c.toml --port x");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all, ::testing::Contains(HasSubstr("/nowhere/c.toml")));
}

TEST_F(CommandLineTest, SuggestsTheNearestFlagForAnUnknownOne) {
  EXPECT_THAT(problems("--memory-mp=3"),
              ElementsAre("unknown flag '--memory-mp', did you mean '--memory-mb'?"));
  EXPECT_THAT(problems("stray"), ElementsAre("unexpected argument 'stray'"));
}

TEST_F(CommandLineTest, LeavesPositionalsToTheSubCommand) {
  CLI::App app;
  CLI::App* run_command = app.add_subcommand("run");
  std::string script;
  run_command->add_option("script", script);
  const CommandLine command_line(*run_command);
  app.parse("run --preload numpy --time-limit 2 a.py");
  EXPECT_EQ(script, "a.py");
  const auto options = command_line.resolve([](const std::string&) { return std::nullopt; });
  ASSERT_TRUE(options);
  EXPECT_EQ(options->time_limit, std::chrono::seconds{2});
}

TEST_F(CommandLineTest, HelpShowsEveryOptionWithDefaultAndVariables) {
  CLI::App app;
  CLI::App* serve = app.add_subcommand("serve");
  const CommandLine command_line(*serve);
  const std::string help = serve->help();
  for (const OptionSpec& spec : option_table())
    EXPECT_THAT(help, testing::ContainsRegex("--" + std::string(spec.name) + "[ \n]"));
  EXPECT_THAT(help, HasSubstr("Limits of one execution:"));
  EXPECT_THAT(help, HasSubstr("default 30 s; a time from 0.001 to 86400 s; env TIME_LIMIT, "));
  EXPECT_THAT(help, HasSubstr("PYEXEC_TIMEOUT; changes on SIGHUP"));
  EXPECT_THAT(help, HasSubstr("env PORT; a change needs a restart"));
}

class SandboxConfigTest : public CommandLineTest {
 protected:
  // One run of `cellblock ARGUMENTS` whose sandbox-config, whatever its path, comes to `foreign`.
  static tl::expected<Options, Problems> run(const std::string& arguments, const ForeignValues& foreign) {
    CLI::App app;
    const CommandLine command_line(app);
    app.parse("cellblock " + arguments, true);
    return command_line.resolve(
        [](const std::string& name) -> std::optional<std::string> {
          if (name == "CELLBLOCK_CPUS") return "2";
          return std::nullopt;
        },
        [&foreign](const std::string& path, const Options& others) {
          EXPECT_EQ(path, "nsjail.cfg");
          EXPECT_EQ(others.cpus, 2);
          return foreign;
        });
  }
};

TEST_F(SandboxConfigTest, GivesWayToEverythingButTheDefault) {
  const std::string path = file("memory-mb = 64\nsandbox-config = 'nsjail.cfg'\n");
  const auto options = run("--time-limit 3 --config " + path, {{{"time-limit", {"9"}},
                                                                {"memory-mb", {"32"}},
                                                                {"cpus", {"1"}},
                                                                {"processes", {"9"}},
                                                                {"cell-environment", {"A=b,c"}}},
                                                               {}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->time_limit, std::chrono::seconds{3});
  EXPECT_EQ(options->memory_bytes, 64ULL << 20U);
  EXPECT_EQ(options->cpus, 2);
  EXPECT_EQ(options->processes, 9U);
  EXPECT_THAT(options->cell_environment, ElementsAre("A=b,c"));
  EXPECT_EQ(options->source("processes"), Source::kSandboxConfig);
  EXPECT_EQ(options->source("memory-mb"), Source::kFile);
}

TEST_F(SandboxConfigTest, AddsItsProblemsToAllOthers) {
  const auto options =
      run("--time-limit x --sandbox-config nsjail.cfg", {{{"processes", {"0"}}}, {"line 5: no"}});
  ASSERT_FALSE(options);
  EXPECT_THAT(options.error(), ElementsAre(HasSubstr("time-limit = 'x'"), "line 5: no",
                                           HasSubstr("processes = '0' (file nsjail.cfg): must be")));
}

}  // namespace
}  // namespace cellblock::config
