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

TEST(FormatEvent, ANumberIsOneInJson) {
  const auto line = [](Format format) {
    return format_event(format, "e",
                        {{"code", 400}, {"ms", 1.25}, {"big", 1e6}, {"none", 0.0}, {"text", "7"}});
  };
  EXPECT_EQ(line(Format::kJson), R"("event":"e","code":400,"ms":1.25,"big":1000000,"none":0,"text":"7")");
  EXPECT_EQ(line(Format::kLogfmt), "event=e code=400 ms=1.25 big=1000000 none=0 text=7");
}

TEST(FormatEvent, FractionsAreKeptToAThousandthAndWithoutAnExponent) {
  EXPECT_EQ(format_event(Format::kLogfmt, "e", {{"a", 0.0000001}, {"b", 12.3456}, {"c", -0.5}}),
            "event=e a=0 b=12.346 c=-0.5");
}

TEST(LevelName, IsTheOneOfTheOption) {
  EXPECT_EQ(level_name(Level::kDebug), "debug");
  EXPECT_EQ(level_name(Level::kWarn), "warn");
  EXPECT_EQ(level_name(Level::kError), "error");
}

}  // namespace
}  // namespace cellblock::telemetry
