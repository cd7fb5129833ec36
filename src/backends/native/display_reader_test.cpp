#include "backends/native/display_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "protocol/display_frame.hpp"

namespace cellblock::backends::native {
namespace {

using engine::Representation;
using protocol::DisplayPart;
using protocol::encode_display;

engine::Limits small() {
  engine::Limits limits;
  limits.display_items = 2;
  limits.display_item_bytes = 10;
  limits.display_bytes = 15;
  return limits;
}

bool takes(const std::vector<DisplayPart>& parts) {
  return DisplayReader({}).take(encode_display(parts));
}

TEST(DisplayReader, CollectsValuesInTheirOrderAndTellsWhatIsMissing) {
  DisplayReader reader({});
  ASSERT_TRUE(reader.take(encode_display({{"text/plain", "a"}, {"image/png", std::string("\0\xff", 2)}})));
  ASSERT_TRUE(reader.take(encode_display({{"application/json", "[1]"},
                                          {"text/html", "ValueError: \xff", DisplayPart::State::kFailed},
                                          {"image/png", "", DisplayPart::State::kTooLarge},
                                          {"", "", DisplayPart::State::kTooMany}})));
  EXPECT_EQ(reader.bytes(), 6U);
  const engine::Shown expected{
      {{{"text/plain", Representation::Kind::kText, "a"},
        {"image/png", Representation::Kind::kBinary, std::string("\0\xff", 2)}},
       {{"application/json", Representation::Kind::kJson, "[1]"}}},
      {{"text/html", "it could not be made: ValueError: \xEF\xBF\xBD", false},
       {"image/png",
        "too large for this answer: at most 4096 KB each (display-item-kb) and 8192 KB "
        "together (display-kb)",
        true},
       {"", "too many for this answer: at most 64 values (display-items)", true}}};
  EXPECT_EQ(std::move(reader).take_all(), expected);
}

TEST(DisplayReader, RefusesWhatNoHonestRunnerSends) {
  EXPECT_TRUE(takes({{"text/plain", "fine"}}));
  EXPECT_FALSE(DisplayReader({}).take(""));
  EXPECT_FALSE(takes({{"", "no type"}}));
  EXPECT_FALSE(takes({{"text/plain\n", "a type with a line end"}}));
  EXPECT_FALSE(takes({{"no type", "", DisplayPart::State::kTooLarge}}));
  EXPECT_FALSE(takes({{"text/plain", "\xff"}}));
  EXPECT_FALSE(takes({{"application/json", "[1"}}));
  EXPECT_FALSE(takes({{"application/x+json", "NaN"}}));
  EXPECT_FALSE(takes({{"text/plain", "once"}, {"text/plain", "twice"}}));
}

TEST(DisplayReader, HoldsEachLimit) {
  DisplayReader reader(small());
  EXPECT_FALSE(DisplayReader(small()).take(encode_display({{"a/b", std::string(11, 'x')}})));
  ASSERT_TRUE(reader.take(encode_display({{"a/b", std::string(10, 'x')}})));
  ASSERT_TRUE(reader.take(encode_display({{"a/b", std::string(5, 'x')}})));
  DisplayReader full(reader);
  EXPECT_FALSE(full.take(encode_display({{"a/b", ""}}))) << "a third one";
  EXPECT_TRUE(reader.take(encode_display({{"", "", DisplayPart::State::kTooMany}}))) << "which only tells";

  DisplayReader bytes(small());
  ASSERT_TRUE(bytes.take(encode_display({{"a/b", std::string(10, 'x')}})));
  EXPECT_FALSE(bytes.take(encode_display({{"a/b", std::string(6, 'x')}})));
}

TEST(DisplayReader, BoundsWhatIsOnlyNamed) {
  DisplayReader reader({});
  const std::string one = encode_display({{"a/b", "", DisplayPart::State::kTooLarge}});
  for (std::size_t count = 0; count < protocol::kMaxDisplaySkipped; ++count) ASSERT_TRUE(reader.take(one));
  EXPECT_FALSE(reader.take(one));
  const std::string detail(protocol::kMaxDisplayDetail, 'x');
  EXPECT_TRUE(takes({{"a/b", detail, DisplayPart::State::kFailed}}));
  EXPECT_FALSE(takes({{"a/b", detail + "x", DisplayPart::State::kFailed}}));
}

}  // namespace
}  // namespace cellblock::backends::native
