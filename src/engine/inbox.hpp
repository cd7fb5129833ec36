// Work that other threads have for the thread of an io_context.
//
// A post to the context would do, but it wakes that thread while it holds the context's lock. Where both
// share a CPU, the one that wakes up runs at once, finds the lock taken and sleeps again: two switches for
// nothing, in every request. Here nothing is held when the thread is woken.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace cellblock::engine {

class Inbox {
 public:
  using Work = std::function<void()>;

  // `context` must outlive this object. Without a descriptor to wake it by, the context's own way is used.
  explicit Inbox(boost::asio::io_context& context);

  // From any thread. Work is done in the order in which it came.
  void put(Work work);
  // On the context's thread, once: from here on it takes what comes.
  void start() { await(); }
  // On the context's thread: does what has come. Also what has come since the context has stopped.
  void take();

 private:
  void await();

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor event_;
  std::uint64_t told_ = 0;  // what is read of the event

  std::mutex mutex_;  // guards the rest
  std::vector<Work> waiting_;
};

}  // namespace cellblock::engine
