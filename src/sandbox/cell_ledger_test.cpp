#include "sandbox/cell_ledger.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <limits>

namespace cellblock::sandbox {
namespace {

class Ledger : public testing::Test {
 protected:
  Ledger() : file_(make_ledger().value()), page_(map_ledger(file_.get())) {}
  ~Ledger() override { ::munmap(page_, kLedgerBytes); }

  base::Fd file_;
  CellLedger* page_;
};

TEST_F(Ledger, IsReadAsItWasWritten) {
  EXPECT_EQ(read_refused_calls(file_.get()), 0U);
  page_->add_refusal(0);
  page_->add_refusal(kRefusalKinds - 1);
  page_->add_refusal(kRefusalKinds - 1);
  EXPECT_EQ(read_refused_calls(file_.get()), 3U);
  const auto read = read_ledger(file_.get());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->refused.front(), 1U);
  EXPECT_EQ(read->refused.back(), 2U);
  page_->take_back_refusal(0);
  EXPECT_EQ(read_refused_calls(file_.get()), 2U);
  EXPECT_EQ(read_ledger(file_.get())->refused.front(), 0U);
}

TEST_F(Ledger, CountsStopAtTheirMaximum) {
  page_->refused[7] = std::numeric_limits<std::uint32_t>::max() - 1;
  page_->add_refusal(7);
  page_->add_refusal(7);
  EXPECT_EQ(page_->refused[7], std::numeric_limits<std::uint32_t>::max());
}

TEST_F(Ledger, CanNotChangeItsSize) {
  EXPECT_NE(::ftruncate(file_.get(), 0), 0);
  EXPECT_NE(::ftruncate(file_.get(), 2 * kLedgerBytes), 0);
}

TEST(ReadLedger, AFileThatIsNoneGivesNothing) {
  const base::Fd empty(::memfd_create("empty", MFD_CLOEXEC));
  EXPECT_FALSE(read_ledger(empty.get()).has_value());
  EXPECT_FALSE(read_refused_calls(empty.get()).has_value());
  EXPECT_FALSE(read_refused_calls(-1).has_value());
}

}  // namespace
}  // namespace cellblock::sandbox
