#include "http/replay_store.hpp"

namespace cellblock::http {
namespace {

// What an entry takes beside its name and its answer.
constexpr std::uint64_t kOverhead = 512;

// Nothing of the others has run, or nothing is known of it.
bool may_be_kept(engine::Status status) {
  switch (status) {
    case engine::Status::kOverloaded:
    case engine::Status::kCancelled:
    case engine::Status::kInternalError:
    case engine::Status::kInvalidRequest:
    case engine::Status::kScriptTooLarge:
      return false;
    default:
      return true;
  }
}

}  // namespace

struct ReplayStore::Entry {
  Entry(std::string given_name, const Sha256& given_digest, std::string given_id)
      : name(std::move(given_name)), digest(given_digest), id(std::move(given_id)) {}

  const std::string name;
  const Sha256 digest;
  const std::string id;

  // Guarded by the store's mutex.
  std::map<Seat, Wake> waiting;
  std::optional<engine::Ticket> ticket;
  bool finished = false;
  bool linked = true;  // found by its name
  bool kept = false;
  std::uint64_t size = 0;
  Clock::time_point expires;

  // Guarded by `making`, which is never taken under the store's mutex. The outcome is written before
  // `finished`.
  std::mutex making;
  std::optional<engine::Outcome> outcome;
  std::shared_ptr<const Reply> answer;
};

ReplayStore::Joined ReplayStore::join(const std::string& name, const Sha256& digest, Wake wake,
                                      Clock::time_point now, const std::string& id) {
  const std::lock_guard lock(mutex_);
  drop_expired(now);
  const auto [found, fresh] = entries_.try_emplace(name);
  if (fresh) found->second = std::make_shared<Entry>(name, digest, id);
  const EntryPtr& entry = found->second;
  if (!equal_in_constant_time(entry->digest, digest)) return {};
  if (entry->finished) return {Part::kReplay, entry, 0, entry->id};
  const Seat seat = next_seat_++;
  entry->waiting.emplace(seat, std::move(wake));
  return {fresh ? Part::kRun : Part::kWait, entry, seat, entry->id};
}

void ReplayStore::started(const EntryPtr& entry, engine::Ticket ticket) {
  const std::lock_guard lock(mutex_);
  entry->ticket = ticket;
}

void ReplayStore::finish(const EntryPtr& entry, engine::Outcome outcome) {
  std::map<Seat, Wake> waiting;
  {
    const bool may_stay = may_be_kept(outcome.status);
    {
      const std::lock_guard making(entry->making);
      entry->outcome = std::move(outcome);
    }
    const std::lock_guard lock(mutex_);
    entry->finished = true;
    waiting.swap(entry->waiting);
    if (!may_stay) unlink(*entry);
  }
  for (const auto& [seat, wake] : waiting) wake();
}

std::shared_ptr<const Reply> ReplayStore::settle(const EntryPtr& entry, const Convert& convert,
                                                 Clock::time_point now) {
  std::shared_ptr<const Reply> answer;
  {
    const std::lock_guard making(entry->making);
    if (!entry->answer) {
      entry->answer = std::make_shared<const Reply>(convert(std::move(*entry->outcome)));
      entry->outcome.reset();
    }
    answer = entry->answer;
  }
  const std::lock_guard lock(mutex_);
  if (entry->linked && !entry->kept) {
    entry->size = answer->body.capacity() + 2 * entry->name.size() + kOverhead;
    keep(entry, now);
  }
  return answer;
}

std::optional<engine::Ticket> ReplayStore::leave(const EntryPtr& entry, Seat seat, const Convert& convert) {
  {
    const std::lock_guard lock(mutex_);
    if (!entry->finished) {
      entry->waiting.erase(seat);
      if (!entry->waiting.empty()) return std::nullopt;
      unlink(*entry);
      return entry->ticket;
    }
  }
  // It came just now, and maybe nobody else is there to keep it.
  static_cast<void>(settle(entry, convert));
  return std::nullopt;
}

void ReplayStore::keep(const EntryPtr& entry, Clock::time_point now) {
  if (entry->size > limits_.bytes || limits_.entries == 0) {
    unlink(*entry);
    return;
  }
  while (!kept_.empty() && (kept_.size() >= limits_.entries || bytes_ > limits_.bytes - entry->size)) {
    drop_oldest();
  }
  entry->kept = true;
  entry->expires = now + limits_.expiry;
  bytes_ += entry->size;
  kept_.push_back(entry);
}

void ReplayStore::unlink(const Entry& entry) {
  const auto found = entries_.find(entry.name);
  if (found == entries_.end() || found->second.get() != &entry) return;
  found->second->linked = false;
  // Last: this may end the entry's life.
  entries_.erase(found);
}

void ReplayStore::drop_oldest() {
  const EntryPtr oldest = std::move(kept_.front());
  kept_.pop_front();
  bytes_ -= oldest->size;
  unlink(*oldest);
}

void ReplayStore::drop_expired(Clock::time_point now) {
  while (!kept_.empty() && kept_.front()->expires <= now) drop_oldest();
}

std::size_t ReplayStore::entries() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

std::uint64_t ReplayStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace cellblock::http
