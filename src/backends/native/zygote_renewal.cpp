#include "backends/native/zygote_renewal.hpp"

#include <utility>

namespace cellblock::backends::native {

ZygoteRenewal::ZygoteRenewal(boost::asio::io_context& context, std::shared_ptr<JailerLink> link,
                             RenewalPlan plan)
    : timer_(context), link_(std::move(link)), plan_(plan), pool_(plan.pools) {}

void ZygoteRenewal::start() {
  if (plan_.lifetime.count() > 0) wait();
}

void ZygoteRenewal::stop() {
  timer_.cancel();
}

void ZygoteRenewal::wait() {
  timer_.expires_after(plan_.lifetime);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    // A round that takes longer than the time between two makes the next one wait.
    if (pool_ == plan_.pools) {
      pool_ = 0;
      ask();
    }
    wait();
  });
}

void ZygoteRenewal::ask() {
  protocol::ControlMessage message = protocol::about(protocol::ControlKind::kRenew, 0);
  message.pool = static_cast<std::uint32_t>(pool_);
  link_->send(message);
}

void ZygoteRenewal::answered() {
  if (pool_ < plan_.pools && ++pool_ < plan_.pools) ask();
}

}  // namespace cellblock::backends::native
