#include "http/client_limits.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace cellblock::http {
namespace {

// The one account of those who have none. No key and no address is called so.
constexpr const char* kOthers = "";
// Looking through all accounts for quiet ones costs time, which no flood of addresses may make the server
// spend.
constexpr std::chrono::seconds kBetweenSweeps{1};

std::string number(double value) {
  std::string text(32, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%g", value)));
  return text;
}

Reply refusal(const std::string& error, double seconds) {
  Reply reply = error_reply(bhttp::status::too_many_requests, error, "rate_limited");
  // Clamped before the conversion: a double out of range must not reach the integer.
  reply.retry_after =
      std::chrono::seconds(static_cast<std::int64_t>(std::ceil(std::clamp(seconds, 1.0, 86'400.0))));
  return reply;
}

}  // namespace

tl::expected<ClientLimits::Place, Reply> ClientLimits::enter(const std::string& client,
                                                             Clock::time_point now) {
  if (rules_.per_second <= 0 && rules_.at_once == 0) return Place();
  const std::lock_guard lock(mutex_);
  const auto found = account_of(client, now);
  Account& account = found->second;
  if (rules_.at_once > 0 && account.running >= rules_.at_once) {
    return tl::make_unexpected(refusal(
        "Too many executions of one client at once (limit " + std::to_string(rules_.at_once) + ")", 1));
  }
  if (rules_.per_second > 0) {
    account.tokens = tokens_at(account, now);
    account.since = now;
    if (account.tokens < 1) {
      return tl::make_unexpected(refusal("Too many executions of one client (limit " +
                                             number(rules_.per_second) + " per second, " +
                                             number(rules_.burst) + " in a row)",
                                         (1 - account.tokens) / rules_.per_second));
    }
    account.tokens -= 1;
  }
  ++account.running;
  return Place(*this, found->first);
}

void ClientLimits::leave(const std::string& client) {
  const std::lock_guard lock(mutex_);
  if (const auto found = accounts_.find(client); found != accounts_.end()) --found->second.running;
}

std::map<std::string, ClientLimits::Account, std::less<>>::iterator ClientLimits::account_of(
    const std::string& client, Clock::time_point now) {
  if (const auto found = accounts_.find(client); found != accounts_.end()) return found;
  if (accounts_.size() >= most_clients_) forget_quiet(now);
  const bool room = accounts_.size() < most_clients_;
  return accounts_.try_emplace(room ? client : std::string(kOthers), Account{rules_.burst, now, 0}).first;
}

double ClientLimits::tokens_at(const Account& account, Clock::time_point now) const {
  const std::chrono::duration<double> passed = now - account.since;
  return std::min(rules_.burst, account.tokens + std::max(passed.count(), 0.0) * rules_.per_second);
}

void ClientLimits::forget_quiet(Clock::time_point now) {
  if (now - swept_ < kBetweenSweeps) return;
  swept_ = now;
  for (auto at = accounts_.begin(); at != accounts_.end();) {
    // A full bucket is what a new account begins with: nothing is lost.
    const bool quiet = at->second.running == 0 && tokens_at(at->second, now) >= rules_.burst;
    at = quiet || (at->second.running == 0 && rules_.per_second <= 0) ? accounts_.erase(at) : std::next(at);
  }
}

std::size_t ClientLimits::clients() const {
  const std::lock_guard lock(mutex_);
  return accounts_.size();
}

}  // namespace cellblock::http
