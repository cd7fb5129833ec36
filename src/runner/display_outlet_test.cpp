#include "runner/display_outlet.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cellblock::runner {
namespace {

using protocol::DisplayPart;
using Parts = std::vector<DisplayPart>;
using State = DisplayPart::State;

class DisplayOutletTest : public testing::Test {
 protected:
  bool show(Parts parts) { return outlet_.show(std::move(parts)); }

  std::vector<Parts> sent_;
  bool takes_ = true;
  DisplayOutlet outlet_{{protocol::DisplayWish::Figures::kPng, 3, 10, 15}, [this](std::string_view payload) {
                          sent_.push_back(protocol::decode_display(payload).value());
                          return takes_;
                        }};
};

TEST_F(DisplayOutletTest, SendsAValueWithItsRepresentations) {
  const Parts parts = {{"text/plain", "x"}, {"text/html", "<b>x</b>"}};
  EXPECT_TRUE(show(parts));
  EXPECT_EQ(sent_, std::vector<Parts>{parts});
}

TEST_F(DisplayOutletTest, NamesWhatIsTooLargeAloneOrWithTheRest) {
  show({{"a/b", std::string(10, 'x')}, {"c/d", std::string(11, 'x')}});
  show({{"e/f", std::string(6, 'x')}, {"g/h", std::string(5, 'x')}});
  EXPECT_EQ(sent_[0], (Parts{{"a/b", std::string(10, 'x')}, {"c/d", "", State::kTooLarge}}));
  EXPECT_EQ(sent_[1], (Parts{{"e/f", "", State::kTooLarge}, {"g/h", std::string(5, 'x')}}));
}

TEST_F(DisplayOutletTest, TellsOnceThatThereAreTooMany) {
  EXPECT_TRUE(show({{"a/b", "1"}}));
  EXPECT_TRUE(show({{"a/b", "2"}}));
  EXPECT_FALSE(show({{"a/b", "3"}}));
  for (int more = 0; more < 3; ++more) EXPECT_FALSE(show({{"a/b", "4"}}));
  ASSERT_EQ(sent_.size(), 4U);
  EXPECT_EQ(sent_[3], (Parts{{"", "", State::kTooMany}}));
}

TEST_F(DisplayOutletTest, AValueWithoutAWholeRepresentationIsNone) {
  for (int count = 0; count < 5; ++count) EXPECT_TRUE(show({{"a/b", "ValueError", State::kFailed}}));
  EXPECT_EQ(sent_.size(), 5U);
}

TEST_F(DisplayOutletTest, BoundsWhatItOnlyNames) {
  for (int count = 0; count < 200; ++count) show({{"a/b", std::string(1000, 'x'), State::kFailed}});
  ASSERT_EQ(sent_.size(), protocol::kMaxDisplaySkipped);
  EXPECT_EQ(sent_[0][0].data.size(), protocol::kMaxDisplayDetail);
  EXPECT_EQ(sent_.back(), (Parts{{"", "", State::kTooMany}}));
}

TEST_F(DisplayOutletTest, SendsNoMorePartsThanAFrameHas) {
  Parts parts;
  for (int count = 0; count < 100; ++count) parts.push_back({"a/b" + std::to_string(count), ""});
  show(parts);
  ASSERT_EQ(sent_[0].size(), protocol::kMaxDisplayParts);
  EXPECT_EQ(sent_[0].back(), (DisplayPart{"", "", State::kTooMany}));
}

TEST_F(DisplayOutletTest, SendsNothingThatTheServerTakesForForged) {
  show({{"no type", "x"}, {"a/b", "x"}, {"a/b", "again"}});
  EXPECT_EQ(sent_[0], (Parts{{"", "no MIME type", State::kFailed}, {"a/b", "x"}}));
  // What failed before there was a type keeps its reason.
  show({{"", "KeyError: 'a'", State::kFailed}});
  EXPECT_EQ(sent_[1], (Parts{{"", "KeyError: 'a'", State::kFailed}}));
}

TEST_F(DisplayOutletTest, EndsWhenNobodyTakesIt) {
  takes_ = false;
  EXPECT_FALSE(show({{"a/b", "1"}}));
  EXPECT_FALSE(show({{"a/b", "2"}}));
  EXPECT_EQ(sent_.size(), 1U);
}

}  // namespace
}  // namespace cellblock::runner
