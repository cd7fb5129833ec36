#include "config/reference.hpp"

#include <gmock/gmock.h>

#include "config/option_table.hpp"

namespace cellblock::config {
namespace {

TEST(ReferenceTest, HasEveryOptionAndEveryVariable) {
  const std::string page = reference_page();
  for (const OptionSpec& spec : option_table()) {
    EXPECT_THAT(page, ::testing::HasSubstr("| `" + std::string(spec.name) + "` |"));
    for (const auto& name : environment_names(spec))
      EXPECT_THAT(page, ::testing::HasSubstr("`" + name + "`"));
  }
}

TEST(ReferenceTest, ShowsDefaultRangeAndMeaning) {
  EXPECT_THAT(
      reference_page(),
      ::testing::HasSubstr("| `time-limit` | `TIME_LIMIT`, `CELLBLOCK_TIME_LIMIT`, `PYEXEC_TIMEOUT` | "
                           "30 s | a time from 0.001 to 86400 s | no | Wall time |\n"));
}

}  // namespace
}  // namespace cellblock::config
