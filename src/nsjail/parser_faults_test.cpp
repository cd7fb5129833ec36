#include "nsjail/parser_faults.hpp"

#include <gmock/gmock.h>

#include "nsjail/config_text.hpp"

namespace cellblock::nsjail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string only_fault(const std::string& text) {
  const ParsedText parsed = parse_text(text);
  EXPECT_EQ(parsed.faults.size(), 1U) << text;
  if (parsed.faults.empty()) return "";
  EXPECT_THAT(describe(parsed.faults[0]), Not(HasSubstr("cellblock.nsjail"))) << text;
  return describe(parsed.faults[0]);
}

TEST(ParserFaults, SuggestAFieldForAnUnknownOne) {
  EXPECT_EQ(only_fault("\n  time_limt: 5\n"),
            "line 2, column 3: time_limt: wrong: nsjail has no such field, did you mean 'time_limit'?");
  EXPECT_EQ(only_fault("mount { dst: \"/a\"\n mandatry: true }"),
            "line 2, column 2: mandatry: wrong: 'mount' has no such field, did you mean 'mandatory'?");
}

TEST(ParserFaults, NameAFieldThatIsGivenTwice) {
  EXPECT_EQ(only_fault("time_limit: 1\ntime_limit: 2\n"),
            "line 2, column 1: time_limit: wrong: is given twice");
  EXPECT_EQ(only_fault("time_limit: 1 time_limit: 2"),
            "line 1, column 15: time_limit: wrong: is given twice");
  EXPECT_THAT(only_fault("mount {\n rw: true\n rw: false\n}\n"), HasSubstr("line 3, column 2: rw: wrong"));
}

TEST(ParserFaults, ListTheValuesOfAnEnum) {
  EXPECT_EQ(only_fault("mode: TWICE"),
            "line 1, column 1: mode: wrong: 'TWICE' is not one of LISTEN, ONCE, RERUN, EXECVE");
}

TEST(ParserFaults, NameTheFieldOfAValueThatCantBeRead) {
  EXPECT_THAT(only_fault("time_limit: \"ten\""), HasSubstr("time_limit: wrong: "));
}

}  // namespace
}  // namespace cellblock::nsjail
