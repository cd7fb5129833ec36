// The open connections of one server: how many, and how to make them end.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace cellblock::http {

// What the server may ask of a connection, from any thread.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  // End at once if idle, else after the answer that is due.
  virtual void stop() = 0;
  // End now, whatever is going on.
  virtual void abort() = 0;
};

class Connections {
 public:
  void add(const std::shared_ptr<Connection>& connection);
  // From the connection's destructor.
  void remove(const Connection* connection);
  [[nodiscard]] std::size_t count() const;

  // True once the server has begun to stop: no answer may promise that the connection stays open.
  [[nodiscard]] bool stopping() const { return stopping_; }
  void stop_all();
  void abort_all();
  // False when some are left after `limit`.
  [[nodiscard]] bool wait_until_none(std::chrono::milliseconds limit);

 private:
  // Not called under the lock: letting go of the last owner calls remove().
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const;

  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<const Connection*, std::weak_ptr<Connection>> open_;  // guarded by mutex_
};

}  // namespace cellblock::http
