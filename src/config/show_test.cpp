#include "config/show.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "config/config_file.hpp"
#include "config/option_table.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Options with_origin(const std::string& name, const std::string& value, Source source,
                    const std::string& place) {
  Options options = default_options();
  for (const OptionSpec& spec : option_table()) {
    if (spec.name != name) continue;
    EXPECT_TRUE(set_value(spec, value, options));
  }
  options.sources[name] = source;
  options.places[name] = place;
  return options;
}

TEST(ShowTest, WhatIsPrintedIsAFileThatMeansTheSame) {
  Options options = default_options();
  options.memory_bytes = 777ULL << 20U;
  options.min_rate_bytes = 5ULL << 10U;
  options.time_limit = std::chrono::milliseconds(1'250);
  options.max_body_bytes = (3ULL << 20U) + (512ULL << 10U);
  options.cpus = 0.5;
  options.preload = {"numpy", "scipy.stats"};
  options.preload_light.clear();
  options.policy = Policy::kStrict;
  options.without_isolation = true;
  const FileContents read = parse_config(show_text(options, options), "shown");
  EXPECT_THAT(read.problems, IsEmpty());
  Options again = default_options();
  for (const OptionSpec& spec : option_table()) {
    const auto line = read.values.find(spec.name);
    ASSERT_EQ(line != read.values.end(), spec.in_file) << spec.name;
    if (!spec.in_file) continue;
    EXPECT_TRUE(set_value(spec, line->second, again)) << spec.name;
    EXPECT_EQ(value_text(spec, again), value_text(spec, options)) << spec.name;
  }
}

TEST(ShowTest, SaysWhoSetIt) {
  const auto by_variable =
      with_origin("time-limit", "9", Source::kEnvironment, "environment variable TIME_LIMIT");
  EXPECT_THAT(show_text(by_variable, by_variable),
              ::testing::ContainsRegex("time-limit = \"9 s\" +# environment variable TIME_LIMIT\n"));
  EXPECT_THAT(show_text(by_variable, by_variable),
              ::testing::ContainsRegex("port = 8080 +# default; restart\n"));
}

TEST(ShowTest, AutomaticValuesAreShownAsWhatTheyAre) {
  const Options given = default_options();
  const Options effective = with_automatic_values(given, 6, 8ULL << 30U);
  EXPECT_THAT(show_text(given, effective),
              ::testing::ContainsRegex("threads = 3 +# default, automatic; restart\n"));
}

TEST(ShowTest, JsonHasTheSame) {
  const auto by_flag = with_origin("port", "9", Source::kFlag, "flag --port");
  const auto shown = nlohmann::json::parse(show_json(by_flag, by_flag));
  EXPECT_EQ(shown["options"].size(), option_table().size());
  for (const auto& row : shown["options"]) {
    if (row["name"] == "port") {
      EXPECT_EQ(row["value"], "9");
      EXPECT_EQ(row["source"], "flag");
      EXPECT_EQ(row["place"], "flag --port");
    } else {
      EXPECT_EQ(row["source"], "default");
      EXPECT_TRUE(row["place"].is_null());
    }
  }
}

// Whatever row is marked: its value is in neither form.
TEST(ShowTest, NoSecretIsShown) {
  Options options = default_options();
  for (const OptionSpec& spec : option_table()) {
    if (!spec.secret) continue;
    ASSERT_TRUE(std::holds_alternative<std::string Options::*>(spec.target)) << spec.name;
    options.*std::get<std::string Options::*>(spec.target) = "/the/hidden/word";
  }
  EXPECT_THAT(show_text(options, options), Not(HasSubstr("hidden/word")));
  EXPECT_THAT(show_json(options, options), Not(HasSubstr("hidden/word")));
}

}  // namespace
}  // namespace cellblock::config
