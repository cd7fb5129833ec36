#include <gtest/gtest.h>

#include <set>

#include "engine/execution.hpp"

namespace cellblock::engine {
namespace {

TEST(StatusNameTest, IsTheWordOfTheContract) {
  EXPECT_EQ(status_name(Status::kOk), "ok");
  EXPECT_EQ(status_name(Status::kMissingMain), "missing_main");
  EXPECT_EQ(status_name(Status::kResultTooLarge), "result_too_large");
  EXPECT_EQ(status_name(Status::kOverloaded), "overloaded");
  EXPECT_EQ(status_name(Status::kInternalError), "internal_error");
}

TEST(StatusNameTest, DiffersForEveryStatus) {
  std::set<std::string_view> names;
  const int count = static_cast<int>(Status::kInternalError) + 1;
  for (int value = 0; value < count; ++value) names.insert(status_name(static_cast<Status>(value)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(count));
}

}  // namespace
}  // namespace cellblock::engine
