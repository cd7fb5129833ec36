#include "telemetry/log.hpp"

#include <gtest/gtest.h>

namespace cellblock::telemetry {
namespace {

TEST(FormatEvent, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(format_event(Format::kLogfmt, "started", {{"port", "8080"}, {"text", "two words"}}),
            "event=started port=8080 text=\"two words\"");
}

TEST(FormatEvent, AHostileValueStaysOneLineAndOneField) {
  const std::string hostile = "x\nlevel=error a=\"b\"\x1b[31m\xff";
  for (const Format format : {Format::kLogfmt, Format::kJson}) {
    const std::string line = format_event(format, "e", {{"v", hostile}});
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\xff'), std::string::npos);
  }
}

TEST(FormatEvent, JsonHasEveryField) {
  EXPECT_EQ(format_event(Format::kJson, "started", {{"port", "8080"}}), R"("event":"started","port":"8080")");
}

}  // namespace
}  // namespace cellblock::telemetry
