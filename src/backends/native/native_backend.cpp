#include "backends/native/native_backend.hpp"

#include <optional>
#include <utility>

#include "backends/native/cell_state.hpp"

namespace cellblock::backends::native {
namespace {

class NativeCell final : public engine::Cell {
 public:
  explicit NativeCell(std::shared_ptr<CellState> state) : state_(std::move(state)) {}
  ~NativeCell() override { state_->abandon(); }

  void warm() override { state_->warm(); }
  void listen(engine::Listener listener) override { state_->listen(std::move(listener)); }
  void resume() override { state_->resume(); }
  void run(const engine::Job& job, std::function<void(engine::Report)> done) override {
    state_->run(job, std::move(done));
  }
  void end() override { state_->end(); }
  void on_lost(std::function<void()> lost) override { state_->on_lost(std::move(lost)); }

 private:
  std::shared_ptr<CellState> state_;
};

class NativeBackend final : public engine::Backend {
 public:
  NativeBackend(JailerProcess jailer, CellDefaults defaults, NativeEvents events, RenewalPlan plan)
      : jailer_(std::move(jailer)), defaults_(std::move(defaults)), events_(std::move(events)), plan_(plan) {}

  ~NativeBackend() override { stop(); }

  void start(boost::asio::io_context& context) override {
    context_ = &context;
    link_ = std::make_shared<JailerLink>(
        context, std::move(jailer_.control),
        [this](const protocol::ControlMessage& message) { on_service(message); });
    link_->start();
    renewal_.emplace(context, link_, plan_);
    renewal_->start();
  }

  void on_renewed(std::function<void(std::size_t)> renewed) override { renewed_ = std::move(renewed); }

  void make_cell(std::size_t pool, engine::Priming priming, Made made) override {
    auto state = std::make_shared<CellState>(*context_, link_, pool, defaults_);
    const std::uint64_t number = next_++;
    making_.emplace(number, state);
    state->make(priming, [this, number, priming, state, made = std::move(made)](base::Result<void> ready) {
      making_.erase(number);
      // Owned from here on, so that a cell whose making failed is taken down as well.
      auto cell = std::make_unique<NativeCell>(state);
      tell_if_unable(ready);
      if (!ready) {
        made(tl::make_unexpected(ready.error()));
        return;
      }
      if (const auto times = state->ready_times()) {
        tell_step(kSteps[3], times->seal_us);
        if (priming == engine::Priming::kFull) tell_step(kSteps[4], times->prime_us);
      }
      made(std::unique_ptr<engine::Cell>(std::move(cell)));
    });
  }

  void stop() override {
    for (auto& [number, state] : making_) state->abandon();
    making_.clear();
    if (renewal_) renewal_->stop();
    if (link_) link_->close();
    end_jailer(jailer_);
  }

 private:
  void on_service(const protocol::ControlMessage& message) {
    const std::string text(message.text_view());
    switch (message.kind) {
      case protocol::ControlKind::kZygoteUp:
        events_.zygote("the zygote is up again");
        break;
      case protocol::ControlKind::kZygoteDown:
        events_.zygote(text);
        if (events_.zygote_lost) events_.zygote_lost();
        fail_making(text, message.pool);
        break;
      case protocol::ControlKind::kRenewed:
        on_pool_renewed(message.pool, text);
        break;
      case protocol::ControlKind::kSpawned:
        tell_step(kSteps[0], message.namespaces_us);
        tell_step(kSteps[1], message.mounts_us);
        tell_step(kSteps[2], message.fork_us);
        break;
      case protocol::ControlKind::kGone:
        // None for a place that was never taken.
        if (message.teardown_us > 0) tell_step(kSteps[5], message.teardown_us);
        break;
      default:
        fail_making(text, std::nullopt);
        events_.fatal(text);
    }
  }

  void on_pool_renewed(std::size_t pool, const std::string& failure) {
    if (events_.renewed) events_.renewed(pool, failure);
    if (failure.empty() && renewed_) renewed_(pool);
    renewal_->answered();
  }

  void tell_step(std::string_view step, std::uint64_t microseconds) const {
    if (events_.step) events_.step(step, std::chrono::microseconds(microseconds));
  }

  void tell_if_unable(const base::Result<void>& made) {
    const std::string reason = made ? std::string() : made.error().message();
    if (reason != reason_ && !made) events_.unable(reason);
    reason_ = reason;
  }

  // The jailer has forgotten what it was asked for, in this pool or in all.
  void fail_making(const std::string& reason, std::optional<std::size_t> pool) {
    const auto making = making_;
    for (const auto& [number, state] : making) {
      if (!pool || state->pool() == *pool) state->give_up_making(reason);
    }
  }

  JailerProcess jailer_;
  CellDefaults defaults_;
  NativeEvents events_;
  RenewalPlan plan_;
  std::optional<ZygoteRenewal> renewal_;
  std::function<void(std::size_t)> renewed_;
  boost::asio::io_context* context_ = nullptr;
  std::shared_ptr<JailerLink> link_;
  std::unordered_map<std::uint64_t, std::shared_ptr<CellState>> making_;
  std::uint64_t next_ = 0;
  std::string reason_;  // why the last cell could not be made, if so
};

}  // namespace

std::unique_ptr<engine::Backend> make_native_backend(JailerProcess jailer, CellDefaults defaults,
                                                     NativeEvents events, RenewalPlan renewal) {
  return std::make_unique<NativeBackend>(std::move(jailer), std::move(defaults), std::move(events), renewal);
}

}  // namespace cellblock::backends::native
