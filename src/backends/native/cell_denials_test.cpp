#include "backends/native/cell_denials.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "sandbox/refusal_names.hpp"

namespace cellblock::backends::native {
namespace {

class Denials : public testing::Test {
 protected:
  Denials() {
    auto file = sandbox::make_ledger().value();
    ledger_ = sandbox::map_ledger(file.get());
    denials_.take_ledger(std::move(file));
  }
  ~Denials() override { ::munmap(ledger_, sandbox::kLedgerBytes); }

  void refuse(std::size_t kind, int times) {
    for (int turn = 0; turn < times; ++turn) ledger_->add_refusal(kind);
  }

  sandbox::CellLedger* ledger_ = nullptr;
  CellDenials denials_;
};

TEST_F(Denials, AreThoseSinceTheStartInTheOrderOfThePolicy) {
  refuse(1, 5);
  refuse(2, 1);
  denials_.start();
  EXPECT_TRUE(denials_.so_far().empty());
  refuse(3, 2);
  refuse(1, 4);
  const auto denied = denials_.so_far();
  ASSERT_EQ(denied.size(), 2U);
  const auto first = sandbox::builtin_refusal_names().of(1);
  EXPECT_EQ(denied[0], (engine::Denial{first.what, first.rule, first.sentence, 4}));
  EXPECT_EQ(denied[1].count, 2U);
}

TEST_F(Denials, NameSoManyAndCountTheRest) {
  denials_.start();
  for (std::size_t kind = 0; kind < engine::kMaxDenials; ++kind) refuse(sandbox::kLineKinds + kind, 1);
  EXPECT_EQ(denials_.so_far().size(), engine::kMaxDenials);
  refuse(sandbox::kOtherNumber - 1, 3);
  refuse(sandbox::kOtherNumber, 4);
  const auto denied = denials_.so_far();
  ASSERT_EQ(denied.size(), engine::kMaxDenials + 1);
  EXPECT_EQ(denied.back().rule, "further");
  EXPECT_EQ(denied.back().count, 7U);
}

TEST(DenialsWithoutALedger, AreNone) {
  CellDenials denials;
  denials.start();
  EXPECT_TRUE(denials.so_far().empty());
}

}  // namespace
}  // namespace cellblock::backends::native
