#include "http/connections.hpp"

#include <utility>

namespace cellblock::http {
namespace {

// Who may have to give way, and after how long at its part. A header is one packet or two.
struct Patience {
  Turn turn;
  std::chrono::milliseconds time;
};
constexpr std::array kPatience{
    Patience{Turn::kIdle, std::chrono::milliseconds(0)},
    Patience{Turn::kLeaving, std::chrono::milliseconds(200)},
    Patience{Turn::kHeader, std::chrono::milliseconds(1000)},
    Patience{Turn::kBody, std::chrono::milliseconds(5000)},
};

}  // namespace

void Connections::add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  Queue& idle = queues_[static_cast<std::size_t>(Turn::kIdle)];
  const auto place = idle.insert(idle.end(), connection.get());
  open_.emplace(connection.get(), Entry{connection, Turn::kIdle, Clock::now(), place});
}

void Connections::remove(const Connection* connection) {
  const std::lock_guard lock(mutex_);
  if (const auto found = open_.find(connection); found != open_.end()) {
    queues_[static_cast<std::size_t>(found->second.turn)].erase(found->second.place);
    open_.erase(found);
  }
  // Under the lock: whoever waits may destroy this object as soon as it sees the last one gone.
  changed_.notify_all();
}

void Connections::turn(const Connection* connection, Turn turn) {
  const std::lock_guard lock(mutex_);
  if (const auto found = open_.find(connection); found != open_.end()) put(found->second, turn);
}

void Connections::put(Entry& entry, Turn turn) {
  Queue& from = queues_[static_cast<std::size_t>(entry.turn)];
  Queue& to = queues_[static_cast<std::size_t>(turn)];
  to.splice(to.end(), from, entry.place);
  entry.turn = turn;
  entry.since = Clock::now();
}

std::size_t Connections::count() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

bool Connections::make_room() {
  std::shared_ptr<Connection> leaving;
  {
    const std::lock_guard lock(mutex_);
    const Connection* chosen = to_give_way();
    if (chosen == nullptr) return false;
    Entry& entry = open_.at(chosen);
    leaving = entry.connection.lock();
    // Not to be asked twice. If its request has begun meanwhile it stays, and says so itself.
    put(entry, Turn::kServed);
  }
  if (leaving) leaving->give_way();
  return true;
}

const Connection* Connections::to_give_way() {
  const auto now = Clock::now();
  for (const Patience& patience : kPatience) {
    const Queue& queue = queues_[static_cast<std::size_t>(patience.turn)];
    if (!queue.empty() && now - open_.at(queue.front()).since >= patience.time) return queue.front();
  }
  return nullptr;
}

void Connections::stop_all() {
  // Before the calls: a connection that is about to become idle looks at it afterwards.
  stopping_ = true;
  for (const auto& connection : all()) connection->stop();
}

void Connections::abort_all() {
  for (const auto& connection : all()) connection->abort();
}

bool Connections::wait_until_none(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return open_.empty(); });
}

std::vector<std::shared_ptr<Connection>> Connections::all() const {
  std::vector<std::shared_ptr<Connection>> alive;
  const std::lock_guard lock(mutex_);
  alive.reserve(open_.size());
  for (const auto& [key, entry] : open_) {
    if (auto connection = entry.connection.lock()) alive.push_back(std::move(connection));
  }
  return alive;
}

}  // namespace cellblock::http
