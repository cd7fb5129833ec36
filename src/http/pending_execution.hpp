// Brings the outcome of an execution from the engine's thread to the connection that waits for it.
//
//   engine's thread:  completion() ──▶ gate open? waiter alive? ──▶ post to the connection's strand
//   strand:           wait() ◀── outcome, or the client is gone
//
// The engine may finish after the connection, and even after the server, is gone; then the outcome is
// dropped.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/byte_budget.hpp"
#include "engine/engine.hpp"
#include "engine/execution.hpp"
#include "http/asio.hpp"
#include "http/peer.hpp"

namespace cellblock::http {

// Stands between other threads and an io_context that will be destroyed.
class CompletionGate {
 public:
  // Calls `action` unless the gate has been closed. What it does with the io_context is safe.
  template <typename Action>
  void pass(Action&& action) {
    const std::lock_guard lock(mutex_);
    if (open_) action();
  }
  // Returns when nobody is inside any more. Call before the io_context is destroyed.
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }

 private:
  std::mutex mutex_;
  bool open_ = true;  // guarded by mutex_
};

class PendingExecution : public std::enable_shared_from_this<PendingExecution> {
 public:
  PendingExecution(net::any_io_executor executor, std::shared_ptr<CompletionGate> gate);

  // For Engine::submit. Holds nothing alive.
  [[nodiscard]] engine::Completion completion();

  // For who gives this object something to look at: ends a pause(). From any thread; holds nothing alive.
  [[nodiscard]] std::function<void()> waker();

  // What follows on the executor only.
  [[nodiscard]] bool over() const { return outcome_.has_value(); }
  // The outcome, once it is over.
  [[nodiscard]] engine::Outcome take() { return std::move(*outcome_); }
  // Until the outcome is there, the waker is called, or so much time has passed.
  [[nodiscard]] net::awaitable<void> pause(std::chrono::milliseconds most);
  // Time for the next look at a client that has been sent nothing yet, or nothing: it is gone.
  // `may_provoke`: whether `meaningless` may be sent to it now.
  [[nodiscard]] std::optional<std::chrono::milliseconds> look(tcp::socket& client, bool may_provoke,
                                                              std::string_view meaningless = kInterimAnswer);

  // Waits as long as it takes for the outcome, or for the client to go: then nothing.
  [[nodiscard]] net::awaitable<std::optional<engine::Outcome>> wait(
      tcp::socket& client, bool may_provoke, std::string_view meaningless = kInterimAnswer);

 private:
  void wake();

  net::any_io_executor executor_;
  net::steady_timer timer_;  // its cancellation is the signal that the outcome is there
  std::shared_ptr<CompletionGate> gate_;
  std::optional<engine::Outcome> outcome_;
  bool news_ = false;      // since the last pause
  bool provoked_ = false;  // waiting for what the half-closed client makes of it
};

}  // namespace cellblock::http
