#include <utility>

#include "backends/fake/fake_backend.hpp"

namespace cellblock::fake {

void FakeControl::fail_making(std::string reason, std::optional<std::size_t> pool) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(reason);
  failing_pool_ = pool;
}

void FakeControl::lose_idle_cell() {
  const std::lock_guard lock(mutex_);
  // Under the lock, so that the context cannot go away between the question and the post.
  if (lose_) lose_();
}

void FakeControl::renew(std::size_t pool) {
  const std::lock_guard lock(mutex_);
  if (renew_) renew_(pool);
}

Record FakeControl::record() const {
  const std::lock_guard lock(mutex_);
  return record_;
}

void FakeControl::note(const std::function<void(Record&)>& change) {
  const std::lock_guard lock(mutex_);
  change(record_);
}

std::string FakeControl::failure(std::size_t pool) const {
  const std::lock_guard lock(mutex_);
  return failing_pool_.value_or(pool) == pool ? failure_ : std::string();
}

void FakeControl::on_renew(std::function<void(std::size_t)> renew) {
  const std::lock_guard lock(mutex_);
  renew_ = std::move(renew);
}

void FakeControl::on_lose(std::function<void()> lose) {
  const std::lock_guard lock(mutex_);
  lose_ = std::move(lose);
}

}  // namespace cellblock::fake
