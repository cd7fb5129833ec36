// A bound on what all clients together can make the server hold: bodies that are being read, jobs that wait
// or run, results that come out of cells, answers that nobody has read yet.
//
//   ByteBudget ◀── Lease of a request: body, then job            up to half of the budget
//              ◀── Lease of an answer: result and output         up to all of it
//
// Requests leave room for the answers of what has been taken on. The first bytes of every lease are free,
// so that small requests are served whatever the large ones hold; connections and executions, which have
// limits of their own, bound the sum of these.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace cellblock::base {

class ByteBudget {
 public:
  enum class Use : std::uint8_t { kRequest, kAnswer };

  explicit ByteBudget(std::uint64_t limit) : limit_(limit) {}

  // False when there is no room. From any thread, like the others.
  [[nodiscard]] bool take(std::uint64_t bytes, Use use);
  void give_back(std::uint64_t bytes) { used_ -= bytes; }
  [[nodiscard]] std::uint64_t used() const { return used_; }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

// What one request or one answer holds; gives it back when it goes.
class Lease {
 public:
  static constexpr std::uint64_t kFreeBytes = 64U << 10U;

  // Without a budget every size is granted.
  Lease(std::shared_ptr<ByteBudget> budget, ByteBudget::Use use) : budget_(std::move(budget)), use_(use) {}
  ~Lease() { static_cast<void>(resize(0)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  // From now on the holder has so many bytes. False when there is no room for them: nothing has changed.
  [[nodiscard]] bool resize(std::uint64_t bytes);

 private:
  std::shared_ptr<ByteBudget> budget_;
  ByteBudget::Use use_;
  std::uint64_t taken_ = 0;
};

}  // namespace cellblock::base
