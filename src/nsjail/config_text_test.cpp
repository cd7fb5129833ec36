#include "nsjail/config_text.hpp"

#include <gmock/gmock.h>

namespace cellblock::nsjail {
namespace {

TEST(ConfigText, ReadsFieldsAndWhereTheyStand) {
  const ParsedText parsed = parse_text("# a comment\ntime_limit: 10\n\n  mount {\n dst: \"/tmp\" }\n");
  EXPECT_TRUE(parsed.faults.empty());
  EXPECT_EQ(parsed.message.time_limit(), 10U);
  const auto* mount = NsJailConfig::descriptor()->FindFieldByName("mount");
  EXPECT_EQ(parsed.places->GetLocation(mount, 0).line, 3);
  EXPECT_EQ(value_text(parsed.message, *mount, 0), "{ dst: \"/tmp\" }");
}

TEST(ConfigText, TellsEveryLineThatItCantRead) {
  const ParsedText parsed =
      parse_text("time_limit: \"ten\"\nmode: NEVER\nprot: 5\nkeep_env: 7\nrlimit_as: -1\ncwd: \"/tmp\"\n");
  std::vector<int> lines;
  for (const Finding& fault : parsed.faults) lines.push_back(fault.line);
  EXPECT_THAT(lines, ::testing::UnorderedElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(parsed.message.cwd(), "/tmp");
}

TEST(ConfigText, StopsWhereNothingCanBeMadeOfIt) {
  EXPECT_FALSE(parse_text("mount {\n").faults.empty());
  EXPECT_FALSE(parse_text("{}").faults.empty());
  EXPECT_FALSE(parse_text("time_limit: 1 time_limit: 2").faults.empty());
  EXPECT_TRUE(parse_text("").faults.empty());
  std::string deep;
  for (int depth = 0; depth < 1000; ++depth) deep += "mount {";
  EXPECT_FALSE(parse_text(deep).faults.empty());
}

TEST(ConfigText, EndsWithFiftyFaults) {
  std::string text;
  for (int line = 0; line < 200; ++line) text += "time_limit: x\n";
  const auto count = parse_text(text).faults.size();
  EXPECT_GE(count, 50U);
  EXPECT_LE(count, 52U);
}

TEST(ConfigText, ShortensLongValues) {
  const ParsedText parsed = parse_text("cwd: \"" + std::string(500, 'a') + "\"");
  const auto* cwd = NsJailConfig::descriptor()->FindFieldByName("cwd");
  EXPECT_LT(value_text(parsed.message, *cwd, -1).size(), 70U);
}

}  // namespace
}  // namespace cellblock::nsjail
