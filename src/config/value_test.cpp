#include "config/value.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace cellblock::config {
namespace {

using std::chrono::milliseconds;

const OptionSpec& row(std::string_view name) {
  for (const OptionSpec& spec : option_table()) {
    if (spec.name == name) return spec;
  }
  ADD_FAILURE() << "no option " << name;
  return option_table().front();
}

struct Sample {
  std::string_view option;
  std::string text;
  bool allowed;
};

std::ostream& operator<<(std::ostream& out, const Sample& sample) {
  return out << sample.option << " = '" << sample.text << "'";
}

class ValueTest : public ::testing::TestWithParam<Sample> {};

TEST_P(ValueTest, IsAllowedOrNot) {
  Options options;
  EXPECT_EQ(set_value(row(GetParam().option), GetParam().text, options), GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(
    BothSides, ValueTest,
    ::testing::Values(
        Sample{"port", "0", true}, Sample{"port", "65535", true}, Sample{"port", "65536", false},
        Sample{"port", "-1", false}, Sample{"port", "99999999999", false}, Sample{"port", "80x", false},
        Sample{"port", "", false}, Sample{"port", " 80 ", true}, Sample{"port", "8e1", false},
        Sample{"time-limit", "0.001", true}, Sample{"time-limit", "0.0009", false},
        Sample{"time-limit", "86400", true}, Sample{"time-limit", "86400.1", false},
        Sample{"time-limit", "nan", false}, Sample{"time-limit", "inf", false},
        Sample{"time-limit", "1h", false}, Sample{"time-limit", "500ms", true},
        Sample{"time-limit", "0ms", false}, Sample{"memory-mb", "16", true}, Sample{"memory-mb", "15", false},
        Sample{"memory-mb", "15.5", false}, Sample{"memory-mb", "1048576", true},
        Sample{"memory-mb", "1048577", false}, Sample{"memory-mb", "18446744073709551615GB", false},
        Sample{"memory-mb", "16384KB", true}, Sample{"memory-mb", "16383KB", false},
        Sample{"memory-mb", "1TB", false}, Sample{"cpus", "0.5", true}, Sample{"cpus", "0", false},
        Sample{"cpus", "1 cpu", false}, Sample{"policy", "strict", true}, Sample{"policy", "STRICT", true},
        Sample{"policy", "none", false}, Sample{"policy", "", false}, Sample{"preload", "", true},
        Sample{"preload", "numpy, scipy.linalg", true}, Sample{"preload", "numpy,,pandas", false},
        Sample{"preload", "os;x", false}, Sample{"library-path", "/opt/a,/opt/b", true},
        Sample{"library-path", "opt", false}, Sample{"cgroup-root", "", true},
        Sample{"cgroup-root", "cells", false}, Sample{"host", "", false}, Sample{"host", "::1", true}));

TEST(SetValueTest, StoresSizesInBytes) {
  Options options;
  ASSERT_TRUE(set_value(row("memory-mb"), "64", options));
  EXPECT_EQ(options.memory_bytes, 64ULL << 20U);
  ASSERT_TRUE(set_value(row("memory-mb"), "2 GB", options));
  EXPECT_EQ(options.memory_bytes, 2ULL << 30U);
  ASSERT_TRUE(set_value(row("output-kb"), "3", options));
  EXPECT_EQ(options.output_bytes, 3072U);
  ASSERT_TRUE(set_value(row("max-script-bytes"), "1000", options));
  EXPECT_EQ(options.max_script_bytes, 1000U);
}

TEST(SetValueTest, ReadsFractionsOfSeconds) {
  Options options;
  ASSERT_TRUE(set_value(row("time-limit"), "0.25", options));
  EXPECT_EQ(options.time_limit, milliseconds{250});
  ASSERT_TRUE(set_value(row("time-limit"), "1500 ms", options));
  EXPECT_EQ(options.time_limit, milliseconds{1500});
}

TEST(SetValueTest, ChangesNothingWhenTheTextIsNotAllowed) {
  Options options;
  options.port = 7;
  EXPECT_FALSE(set_value(row("port"), "70000", options));
  EXPECT_EQ(options.port, 7U);
}

TEST(SetValueTest, SplitsListsAtCommas) {
  Options options;
  ASSERT_TRUE(set_value(row("preload"), "numpy, scipy.linalg", options));
  EXPECT_EQ(options.preload, (std::vector<std::string>{"numpy", "scipy.linalg"}));
}

TEST(AllowedTextTest, NamesTheRange) {
  EXPECT_EQ(allowed_text(row("port")), "a whole number from 0 to 65535");
  EXPECT_EQ(allowed_text(row("time-limit")), "a time from 0.001 to 86400 s");
  EXPECT_EQ(allowed_text(row("memory-mb")), "a size from 16 to 1048576 MB");
  EXPECT_EQ(allowed_text(row("policy")), "one of sandbox, strict");
  EXPECT_EQ(allowed_text(row("preload")), "a comma-separated list of module names");
}

TEST(SetElementsTest, KeepsCommasWithinAnElementAndChecksEach) {
  Options options;
  EXPECT_TRUE(set_elements(row("cell-environment"), {"A=b,c", "D="}, options));
  EXPECT_EQ(options.cell_environment, (std::vector<std::string>{"A=b,c", "D="}));
  EXPECT_FALSE(set_elements(row("cell-environment"), {"A=b", "PATH=/x"}, options));
  EXPECT_EQ(options.cell_environment.size(), 2U);
  EXPECT_FALSE(set_elements(row("port"), {"1"}, options));
}

}  // namespace
}  // namespace cellblock::config
