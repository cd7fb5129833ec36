// The open connections of one server: how many, whose turn it is on each, and how to make them end.
//
// When all places are taken, a client that has nothing to say or can't get its request out has to give way
// to a new one; one whose request is being served never has.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace cellblock::http {

enum class Turn : std::uint8_t {
  kIdle,     // no request has begun
  kLeaving,  // answered for the last time, and given a moment to read that
  kHeader,   // a header is incomplete
  kBody,     // a body is incomplete
  kServed    // the server's turn, or an answer that is being read
};
inline constexpr std::size_t kTurns = 5;

// What the server may ask of a connection, from any thread.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  // End at once if idle, else after the answer that is due.
  virtual void stop() = 0;
  // End now, unless a request is being served.
  virtual void give_way() = 0;
  // End now, whatever is going on.
  virtual void abort() = 0;
};

class Connections {
 public:
  // Begins as kIdle.
  void add(const std::shared_ptr<Connection>& connection);
  // From the connection's destructor.
  void remove(const Connection* connection);
  void turn(const Connection* connection, Turn turn);
  [[nodiscard]] std::size_t count() const;

  // Asks one connection to give way: the one that has been idle for longest; when there is none, the one
  // that has been leaving, then at its header, then at its body, for longest. False when all must stay.
  [[nodiscard]] bool make_room();

  // True once the server has begun to stop: no answer may promise that the connection stays open.
  [[nodiscard]] bool stopping() const { return stopping_; }
  void stop_all();
  void abort_all();
  // False when some are left after `limit`.
  [[nodiscard]] bool wait_until_none(std::chrono::milliseconds limit);

 private:
  using Clock = std::chrono::steady_clock;
  using Queue = std::list<const Connection*>;
  struct Entry {
    std::weak_ptr<Connection> connection;
    Turn turn = Turn::kIdle;
    Clock::time_point since;
    Queue::iterator place;
  };

  // Not called under the lock: letting go of the last owner calls remove().
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const;
  // Guarded by mutex_, like what they use.
  void put(Entry& entry, Turn turn);
  [[nodiscard]] const Connection* to_give_way();

  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<const Connection*, Entry> open_;  // guarded by mutex_
  std::array<Queue, kTurns> queues_;         // guarded by mutex_; by turn, the longest first
};

}  // namespace cellblock::http
