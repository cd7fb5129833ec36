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
      "memory-mb = 256 MB\n"
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

TEST(ConfigFileTest, RefusesWhatIsNoAssignment) {
  EXPECT_THAT(parse_config("hello\n", "c").problems,
              ElementsAre(::testing::StartsWith("file c: unknown option 'hello'")));
}

TEST(ConfigFileTest, RefusesSections) {
  EXPECT_THAT(parse_config("[limits]\nport = 1\nhost = a\n[pool.size]\nport = 2\n", "c").problems,
              ElementsAre("file c: section [limits] is not known: options stand outside of sections",
                          "file c: section [pool] is not known: options stand outside of sections"));
}

TEST(ConfigFileTest, RefusesAnOptionGivenTwice) {
  EXPECT_THAT(parse_config("port = 1\nhost = a\nport = 2\n", "c").problems,
              ElementsAre("file c: option 'port' is given twice"));
}

TEST(ConfigFileTest, RefusesToNameAnotherFile) {
  EXPECT_THAT(parse_config("config = /etc/other\n", "c").problems,
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
