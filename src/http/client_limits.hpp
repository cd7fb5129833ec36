// How much one client may ask for: requests in a second, and at once. A client is an API key, or an address
// where there are no keys.
//
// The rate is a token bucket: a client that was quiet may send `burst` requests in a row, and then as many in
// a second as the rate says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "http/reply.hpp"

namespace cellblock::http {

struct ClientRules {
  double per_second = 0;    // 0: any rate
  double burst = 1;         // at least 1
  std::size_t at_once = 0;  // 0: any number
};

// The functions may be called from any thread.
class ClientLimits {
 public:
  using Clock = std::chrono::steady_clock;

  // So many clients have an account of their own; further ones share one until others have been quiet.
  static constexpr std::size_t kMostClients = 20'000;

  // One of a client's places, given back when it goes. Must not outlive the limits.
  class Place {
   public:
    Place() = default;
    Place(ClientLimits& limits, std::string client) : limits_(&limits), client_(std::move(client)) {}
    Place(Place&& other) noexcept
        : limits_(std::exchange(other.limits_, nullptr)), client_(std::move(other.client_)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(limits_, other.limits_);
      std::swap(client_, other.client_);
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (limits_ != nullptr) limits_->leave(client_);
    }

   private:
    ClientLimits* limits_ = nullptr;
    std::string client_;
  };

  explicit ClientLimits(ClientRules rules, std::size_t most_clients = kMostClients)
      : rules_(rules), most_clients_(most_clients) {}

  // For one execution; else the 429, with the seconds after which it would be admitted.
  [[nodiscard]] tl::expected<Place, Reply> enter(const std::string& client,
                                                 Clock::time_point now = Clock::now());
  [[nodiscard]] const ClientRules& rules() const { return rules_; }
  [[nodiscard]] std::size_t clients() const;

 private:
  struct Account {
    double tokens = 0;
    Clock::time_point since;  // of `tokens`
    std::size_t running = 0;
  };

  void leave(const std::string& client);
  // Guarded by mutex_, like what they use.
  [[nodiscard]] std::map<std::string, Account, std::less<>>::iterator account_of(const std::string& client,
                                                                                 Clock::time_point now);
  [[nodiscard]] double tokens_at(const Account& account, Clock::time_point now) const;
  void forget_quiet(Clock::time_point now);

  const ClientRules rules_;
  const std::size_t most_clients_;
  mutable std::mutex mutex_;
  std::map<std::string, Account, std::less<>> accounts_;
  Clock::time_point swept_{};
};

}  // namespace cellblock::http
