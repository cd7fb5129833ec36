#include "base/byte_budget.hpp"

namespace cellblock::base {

bool ByteBudget::take(std::uint64_t bytes, Use use) {
  const std::uint64_t limit = use == Use::kRequest ? limit_ / 2 : limit_;
  std::uint64_t used = used_;
  do {
    if (used > limit || bytes > limit - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

bool Lease::resize(std::uint64_t bytes) {
  if (!budget_) return true;
  const std::uint64_t wanted = bytes > kFreeBytes ? bytes : 0;
  if (wanted > taken_ && !budget_->take(wanted - taken_, use_)) return false;
  if (wanted < taken_) budget_->give_back(taken_ - wanted);
  taken_ = wanted;
  return true;
}

}  // namespace cellblock::base
