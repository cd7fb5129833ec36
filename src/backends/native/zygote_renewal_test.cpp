#include "backends/native/zygote_renewal.hpp"

#include "backends/native/fake_jailer_for_test.hpp"

namespace cellblock::backends::native {
namespace {

using std::chrono::milliseconds;

class Renewal : public FakeJailer {
 protected:
  void start(RenewalPlan plan) {
    renewal_.emplace(context_, link_, plan);
    renewal_->start();
  }
  // The pool that the server wants renewed; nothing if it has not asked within a while.
  std::optional<std::uint32_t> asked() {
    context_.restart();
    context_.run_for(milliseconds{60});
    const auto received = protocol::receive_control(jailer_.get());
    if (!received || !*received) return std::nullopt;
    EXPECT_EQ((*received)->message.kind, ControlKind::kRenew);
    return (*received)->message.pool;
  }

  std::optional<ZygoteRenewal> renewal_;
};

TEST_F(Renewal, AsksForOnePoolAfterTheOther) {
  start({3, milliseconds{20}});
  EXPECT_EQ(asked(), 0U);
  EXPECT_EQ(asked(), std::nullopt) << "before the answer";
  renewal_->answered();
  EXPECT_EQ(asked(), 1U);
  renewal_->answered();
  EXPECT_EQ(asked(), 2U);
  renewal_->answered();
  EXPECT_EQ(asked(), 0U) << "the next round";
}

TEST_F(Renewal, NeverAsksWithoutALifetimeNorWhenStopped) {
  start({1, milliseconds{0}});
  EXPECT_EQ(asked(), std::nullopt);
  start({1, milliseconds{20}});
  renewal_->stop();
  EXPECT_EQ(asked(), std::nullopt);
}

TEST_F(Renewal, AnAnswerThatNobodyWaitsForDoesNothing) {
  start({2, milliseconds{20}});
  renewal_->answered();
  EXPECT_EQ(asked(), 0U);
}

}  // namespace
}  // namespace cellblock::backends::native
