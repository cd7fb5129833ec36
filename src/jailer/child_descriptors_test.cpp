#include "jailer/child_descriptors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

namespace cellblock::jailer {
namespace {

bool same_file(int one, int other) {
  struct stat first {};
  struct stat second {};
  return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 && first.st_ino == second.st_ino &&
         first.st_dev == second.st_dev;
}

TEST(ChildDescriptors, AreNumbersOfTheirOwnBelowTheBound) {
  const auto reserved = ChildDescriptors::reserve(3).value();
  std::set<int> seen;
  std::vector<ChildDescriptors::Loan> loans;
  for (int child = 0; child < 3; ++child) {
    auto loan = reserved->lend({0, 1, -1, -1});
    ASSERT_TRUE(loan.has_value());
    for (const int number : loan->numbers()) {
      EXPECT_TRUE(seen.insert(number).second);
      EXPECT_LT(static_cast<unsigned>(number), reserved->first_above());
    }
    loans.push_back(std::move(*loan));
  }
  EXPECT_FALSE(reserved->lend({0, 1, -1, -1}).has_value());
  loans.pop_back();
  EXPECT_TRUE(reserved->lend({0, 1, -1, -1}).has_value());
}

TEST(ChildDescriptors, AreTheGivenFilesUntilTheyAreBack) {
  const auto reserved = ChildDescriptors::reserve(1).value();
  auto pipe = base::make_pipe().value();
  int number = -1;
  {
    const auto loan = reserved->lend({pipe.first.get(), pipe.second.get(), -1, -1});
    ASSERT_TRUE(loan.has_value());
    number = loan->numbers()[1];
    EXPECT_TRUE(same_file(number, pipe.second.get()));
    EXPECT_FALSE(same_file(loan->numbers()[2], pipe.second.get()));
    pipe.second.reset();
  }
  EXPECT_NE(::fcntl(number, F_GETFD), -1) << "still reserved";
  char byte = 0;
  EXPECT_EQ(::read(pipe.first.get(), &byte, 1), 0) << "nothing else holds the writing end";
}

TEST(ChildDescriptors, ThatCannotBeDuplicatedAreNotLent) {
  const auto reserved = ChildDescriptors::reserve(1).value();
  EXPECT_FALSE(reserved->lend({1'000'000, -1, -1, -1}).has_value());
  EXPECT_TRUE(reserved->lend({0, -1, -1, -1}).has_value());
}

}  // namespace
}  // namespace cellblock::jailer
