#include "config/option_table.hpp"

#include <gtest/gtest.h>

#include <set>

#include "config/value.hpp"

namespace cellblock::config {
namespace {

TEST(OptionTableTest, EveryDefaultIsAllowed) {
  for (const OptionSpec& spec : option_table()) {
    Options options;
    EXPECT_TRUE(set_value(spec, spec.standard, options)) << spec.name;
  }
}

TEST(OptionTableTest, EveryRowIsComplete) {
  for (const OptionSpec& spec : option_table()) {
    EXPECT_FALSE(spec.help.empty()) << spec.name;
    EXPECT_FALSE(spec.group.empty()) << spec.name;
    EXPECT_LE(spec.lowest, spec.highest) << spec.name;
  }
}

TEST(OptionTableTest, NoNameAndNoVariableIsUsedTwice) {
  std::set<std::string, std::less<>> names;
  std::set<std::string> variables;
  for (const OptionSpec& spec : option_table()) {
    EXPECT_TRUE(names.emplace(spec.name).second) << spec.name;
    for (const auto& name : environment_names(spec)) EXPECT_TRUE(variables.insert(name).second) << name;
  }
}

TEST(OptionTableTest, NoMemberIsSetByTwoRows) {
  const auto rows = option_table();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(rows[i].target, rows[j].target) << rows[i].name;
  }
}

TEST(OptionTableTest, NamesVariablesAfterTheOption) {
  for (const OptionSpec& spec : option_table()) {
    if (spec.name == "cpu-limit") {
      EXPECT_EQ(environment_names(spec), std::vector<std::string>{"CELLBLOCK_CPU_LIMIT"});
    }
    // Kubernetes sets CELLBLOCK_PORT to an address when a service is named cellblock.
    for (const auto& name : environment_names(spec)) EXPECT_NE(name, "CELLBLOCK_PORT");
  }
}

TEST(OptionTableTest, HasTheDefaultsOfTheContract) {
  const Options options = default_options();
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 8080U);
  EXPECT_EQ(options.time_limit, std::chrono::seconds{30});
  EXPECT_EQ(options.cpu_limit, std::chrono::seconds{30});
  EXPECT_EQ(options.memory_bytes, 512ULL << 20U);
  EXPECT_EQ(options.cpus, 1);
  EXPECT_EQ(options.file_bytes, 10ULL << 20U);
  EXPECT_EQ(options.processes, 128U);
  EXPECT_EQ(options.open_files, 128U);
  EXPECT_EQ(options.max_script_bytes, 204'800U);
  EXPECT_EQ(options.output_bytes, 1ULL << 20U);
  EXPECT_EQ(options.result_bytes, 16ULL << 20U);
  EXPECT_EQ(options.workdir_bytes, 64ULL << 20U);
  EXPECT_EQ(options.workdir_inodes, 4096U);
  EXPECT_EQ(options.max_queued, 1000U);
  EXPECT_EQ(options.policy, Policy::kSandbox);
  EXPECT_EQ(options.isolation, Isolation::kFull);
  EXPECT_EQ(options.backend, Backend::kNative);
  EXPECT_EQ(options.preload, (std::vector<std::string>{"numpy", "pandas"}));
  EXPECT_EQ(options.uid_base, 1'900'000'000U);
  EXPECT_TRUE(options.library_path.empty());
}

}  // namespace
}  // namespace cellblock::config
