#include "nsjail/finding.hpp"

#include <gtest/gtest.h>

namespace cellblock::nsjail {
namespace {

TEST(Finding, NamesPlaceFieldValueAndReason) {
  EXPECT_EQ(describe({3, 5, "mount.rw", "true", Outcome::kRefused, "no"}),
            "line 3, column 5: mount.rw = true: refused: no");
  EXPECT_EQ(describe({0, 0, "", "", Outcome::kWrong, "no text"}), "wrong: no text");
}

TEST(Finding, IsAnErrorIfAServiceCantStartWithIt) {
  for (const Outcome outcome : {Outcome::kApplied, Outcome::kAlreadySo, Outcome::kNoted})
    EXPECT_FALSE(is_error(outcome));
  for (const Outcome outcome : {Outcome::kRefused, Outcome::kNotSupported, Outcome::kWrong}) {
    EXPECT_TRUE(is_error(outcome));
  }
}

TEST(Finding, ExplainsInTheOrderOfTheFile) {
  EXPECT_EQ(explanation({{12, 1, "cwd", "\"/\"", Outcome::kNotSupported, "why"},
                         {2, 1, "time_limit", "10", Outcome::kApplied, "time-limit = 10"}}),
            "   2  time_limit  10   applied        time-limit = 10\n"
            "  12  cwd         \"/\"  not supported  why\n");
}

}  // namespace
}  // namespace cellblock::nsjail
