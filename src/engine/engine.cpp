#include "engine/engine.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/core.hpp"
#include "engine/inbox.hpp"

namespace cellblock::engine {

namespace {

// Handlers that make work for each other need not look for a second thread to wake.
constexpr int kOneThread = 1;

}  // namespace

// Carries calls from any thread to the Core's thread, and what the Core publishes back.
class Engine::Impl {
 public:
  Impl(EngineOptions options, std::unique_ptr<Backend> backend)
      : backend_(std::move(backend)),
        core_(context_, *backend_, std::move(options), events()),
        thread_([this] { loop(); }) {}

  ~Impl() {
    drain(std::chrono::milliseconds{0});
    context_.stop();
    thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Ticket submit(Job job, Completion done, Listener listener) {
    const Ticket ticket = next_ticket_.fetch_add(1, std::memory_order_relaxed);
    inbox_.put([this, ticket, job = std::move(job), done = std::move(done),
                listener = std::move(listener)]() mutable {
      core_.submit(ticket, std::move(job), std::move(done), std::move(listener));
    });
    return ticket;
  }

  void resume(Ticket ticket) {
    inbox_.put([this, ticket] { core_.resume(ticket); });
  }

  void cancel(Ticket ticket) {
    inbox_.put([this, ticket] { core_.cancel(ticket); });
  }

  void set_max_queued(std::uint32_t most) {
    inbox_.put([this, most] { core_.set_max_queued(most); });
  }

  Snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    return published_;
  }

  void drain(std::chrono::milliseconds limit) {
    // Bounded so that "wait as long as it takes" does not overflow the clock.
    const auto patience =
        std::clamp<std::chrono::milliseconds>(limit, std::chrono::milliseconds{0}, std::chrono::hours{24});
    const auto until = Core::Clock::now() + patience;
    inbox_.put([this, until] { core_.drain(until); });
    std::unique_lock lock(mutex_);
    drained_.wait(lock, [this] { return stopped_; });
  }

 private:
  Core::Events events() {
    return {[this](Snapshot now) {
              const std::lock_guard lock(mutex_);
              published_ = std::move(now);
            },
            [this] {
              const std::lock_guard lock(mutex_);
              stopped_ = true;
              drained_.notify_all();
            }};
  }

  void loop() {
    backend_->start(context_);
    core_.start();
    inbox_.start();
    context_.run();
    // Jobs that have come while the engine stopped still get their answer.
    context_.restart();
    inbox_.take();
    context_.poll();
  }

  // The order matters: cells (in the core) go before the backend, both before the context that their
  // timers and sockets belong to.
  boost::asio::io_context context_{kOneThread};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  Inbox inbox_{context_};
  std::unique_ptr<Backend> backend_;

  mutable std::mutex mutex_;  // guards published_ and stopped_
  std::condition_variable drained_;
  Snapshot published_;
  bool stopped_ = false;

  Core core_;
  std::atomic<Ticket> next_ticket_{1};
  std::thread thread_;  // last: it uses everything above
};

Engine::Engine(EngineOptions options, std::unique_ptr<Backend> backend)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(backend))) {}

Engine::~Engine() = default;

Ticket Engine::submit(Job job, Completion done, Listener listener) {
  return impl_->submit(std::move(job), std::move(done), std::move(listener));
}

void Engine::resume(Ticket ticket) {
  impl_->resume(ticket);
}

void Engine::cancel(Ticket ticket) {
  impl_->cancel(ticket);
}

void Engine::set_max_queued(std::uint32_t most) {
  impl_->set_max_queued(most);
}

Snapshot Engine::snapshot() const {
  return impl_->snapshot();
}

void Engine::drain(std::chrono::milliseconds limit) {
  impl_->drain(limit);
}

}  // namespace cellblock::engine
