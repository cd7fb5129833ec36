// Answers that were given under an Idempotency-Key, and the executions whose answer is waited for under one.
//
//   join ──▶ kRun ───▶ started ──▶ (engine) finish ──▶ settle ──▶ kept until it expires or has to make room
//       ├──▶ kWait ─────────────────────────┘ │
//       ├──▶ kReplay ─────────────────────────┘
//       └──▶ kConflict: the same key for another request
//
// An execution belongs to all who wait for it: it is cancelled when the last of them leaves. What has not run
// is not kept, so that a client may try it again under the same key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "engine/engine.hpp"
#include "engine/execution.hpp"
#include "http/reply.hpp"
#include "http/sha256.hpp"

namespace cellblock::http {

struct ReplayLimits {
  std::uint64_t bytes = 64ULL << 20U;  // of all kept answers, with their keys
  std::size_t entries = 10'000;
  std::chrono::milliseconds expiry{3'600'000};  // after the answer was made
};

// The functions may be called from any thread.
class ReplayStore {
 public:
  using Clock = std::chrono::steady_clock;
  using Seat = std::uint64_t;
  // Called once, from any thread, when the answer can be had; not after leave().
  using Wake = std::function<void()>;
  using Convert = std::function<Reply(engine::Outcome&&)>;

  // One key's execution or answer.
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  enum class Part : std::uint8_t {
    kRun,     // nobody has asked before: submit, then started() or finish(), then wait
    kWait,    // somebody has: wait
    kReplay,  // the answer is there: settle()
    kConflict
  };
  struct Joined {
    Part part = Part::kConflict;
    EntryPtr entry{};
    Seat seat = 0;
    std::string id{};  // of the execution, whoever asks
  };

  explicit ReplayStore(ReplayLimits limits) : limits_(limits) {}

  // `name` is the key, with whose it is; `digest` that of the request; `id` that of the execution, should
  // this be the first to ask.
  [[nodiscard]] Joined join(const std::string& name, const Sha256& digest, Wake wake,
                            Clock::time_point now = Clock::now(), const std::string& id = {});
  void started(const EntryPtr& entry, engine::Ticket ticket);
  // The outcome is there; on the engine's thread too, since nothing large is done here.
  void finish(const EntryPtr& entry, engine::Outcome outcome);
  // After kReplay or the wake-up. The first caller makes the answer, for all; it is kept if it may be.
  [[nodiscard]] std::shared_ptr<const Reply> settle(const EntryPtr& entry, const Convert& convert,
                                                    Clock::time_point now = Clock::now());
  // Instead of settle(), by one who was told to run or to wait: the client is gone. An execution that nobody
  // waits for any more is to be cancelled.
  [[nodiscard]] std::optional<engine::Ticket> leave(const EntryPtr& entry, Seat seat, const Convert& convert);

  // Kept answers and what they take.
  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  // Guarded by mutex_, like what they use.
  void keep(const EntryPtr& entry, Clock::time_point now);
  void unlink(const Entry& entry);
  void drop_oldest();
  void drop_expired(Clock::time_point now);

  const ReplayLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, EntryPtr> entries_;
  std::list<EntryPtr> kept_;  // the oldest first, which is also the first to expire
  std::uint64_t bytes_ = 0;
  Seat next_seat_ = 1;
};

}  // namespace cellblock::http
