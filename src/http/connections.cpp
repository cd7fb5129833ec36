#include "http/connections.hpp"

#include <utility>

namespace cellblock::http {

void Connections::add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  open_.emplace(connection.get(), connection);
}

void Connections::remove(const Connection* connection) {
  const std::lock_guard lock(mutex_);
  open_.erase(connection);
  // Under the lock: whoever waits may destroy this object as soon as it sees the last one gone.
  changed_.notify_all();
}

std::size_t Connections::count() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
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
  for (const auto& [key, weak] : open_) {
    if (auto connection = weak.lock()) alive.push_back(std::move(connection));
  }
  return alive;
}

}  // namespace cellblock::http
