#include "config/config_file.hpp"

#include <gmock/gmock.h>

namespace cellblock::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ConfigFileTest, ReadsNamesAndValues) {
  const auto contents = parse_config(
      "# a comment\n"
      "\n"
      "port = 9000   # why\n"
      "host = \"0.0.0.0\"\n"
      "memory-mb = \"256 MB\"\n"
      "preload = [\"numpy\", \"scipy\"]\n"
      "library-path = []\n",
      "x");
  EXPECT_THAT(contents.problems, IsEmpty());
  EXPECT_THAT(contents.values,
              UnorderedElementsAre(Pair("port", "9000"), Pair("host", "0.0.0.0"), Pair("memory-mb", "256 MB"),
                                   Pair("preload", "numpy,scipy"), Pair("library-path", "")));
}

TEST(ConfigFileTest, SuggestsTheNearestNameForAnUnknownOne) {
  EXPECT_THAT(parse_config("prot = 1\ntime_limit = 3\n", "c.toml").problems,
              ElementsAre("file c.toml: unknown option 'prot', did you mean 'port'?",
                          "file c.toml: unknown option 'time_limit', did you mean 'time-limit'?"));
}

TEST(ConfigFileTest, ReadsWhatElseTomlHas) {
  const auto contents = parse_config(
      "port = 9_001\n"
      "cpus = 1.5\n"
      "time-limit = 1e1\n"
      "max-body-mb = 0x10\n"
      "metrics-key = true\n"
      "hostname = 'a\\b'\n"
      "keys-file = \"\"\"/etc/\\\n   keys\"\"\"\n"
      "preload = [\n  \"numpy\",  # first\n  \"scipy\",\n]\n"
      "'max-queued' = 7\n",
      "x");
  EXPECT_THAT(contents.problems, IsEmpty());
  EXPECT_THAT(contents.values,
              UnorderedElementsAre(Pair("port", "9001"), Pair("cpus", "1.5"), Pair("time-limit", "10"),
                                   Pair("max-body-mb", "16"), Pair("metrics-key", "true"),
                                   Pair("hostname", "a\\b"), Pair("keys-file", "/etc/keys"),
                                   Pair("preload", "numpy,scipy"), Pair("max-queued", "7")));
}

TEST(ConfigFileTest, TellsWhereItIsNoToml) {
  for (const char* text :
       {"hello\n", "port = 1\nhost = a\n", "time-limit = 30 s\n", "x = [1\n", "\xff = 1\n"}) {
    EXPECT_THAT(parse_config(text, "c").problems,
                ElementsAre(::testing::MatchesRegex("file c: line [0-9]+, column [0-9]+: .+in quotes.+")))
        << text;
  }
}

TEST(ConfigFileTest, TakesNoCharacterForASpaceThatLooksLikeOne) {
  // U+FEEF, for which the parser's table of spaces has no line.
  const FileContents contents = parse_config("n\xEF\xBB\xAF = 1\n", "file");
  EXPECT_THAT(contents.problems, ::testing::ElementsAre(::testing::HasSubstr("line 1, column 2")));
}

TEST(ConfigFileTest, RefusesValuesThatNoOptionHas) {
  EXPECT_THAT(
      parse_config("port = 2020-01-01\nhost = [\"a\"]\ncpus = {a = 1}\npreload = [[\"a\"]]\n", "c").problems,
      ElementsAre("file c: option 'port' must be a whole number from 0 to 65535",
                  "file c: option 'host' must be an address",
                  "file c: option 'cpus' must be a number from 0.01 to 1024",
                  "file c: option 'preload' must be a comma-separated list of module names"));
}

TEST(ConfigFileTest, RefusesSections) {
  EXPECT_THAT(parse_config("[limits]\nport = 1\nhost = \"a\"\n[pool.size]\nport = 2\n", "c").problems,
              ElementsAre("file c: section [limits] is not known: options stand outside of sections",
                          "file c: section [pool] is not known: options stand outside of sections"));
}

TEST(ConfigFileTest, RefusesAnOptionGivenTwice) {
  EXPECT_THAT(parse_config("port = 1\nhost = \"a\"\nport = 2\n", "c").problems,
              ElementsAre(::testing::HasSubstr("file c: line 3, column ")));
}

TEST(ConfigFileTest, RefusesToNameAnotherFile) {
  EXPECT_THAT(parse_config("config = \"/etc/other\"\n", "c").problems,
              ElementsAre("file c: option 'config' cannot be set in a file"));
}

TEST(ConfigFileTest, TellsWhyAFileCannotBeRead) {
  const auto contents = read_config("/nowhere/cellblock.toml");
  ASSERT_FALSE(contents);
  EXPECT_THAT(contents.error(), ::testing::HasSubstr("/nowhere/cellblock.toml"));
  EXPECT_THAT(contents.error(), ::testing::HasSubstr("No such file"));
}

}  // namespace
}  // namespace cellblock::config
