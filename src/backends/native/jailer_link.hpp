// The server's end of the control socket to the jailer, on the engine's thread. Messages about a cell go
// to whoever has registered for its number.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/fd.hpp"
#include "protocol/control.hpp"

namespace cellblock::backends::native {

class JailerLink : public std::enable_shared_from_this<JailerLink> {
 public:
  using Listener = std::function<void(protocol::Received)>;
  // Told of the zygote's coming and going, of the jailer's end (kFatal), and of each cell's making and end,
  // whose times it may want, whether anybody listens for the cell or not.
  using ServiceListener = std::function<void(const protocol::ControlMessage&)>;

  JailerLink(boost::asio::io_context& context, base::Fd control, ServiceListener service);
  void start();
  // Closes the socket, on which the jailer ends everything.
  void close();
  [[nodiscard]] bool up() const { return socket_.is_open(); }

  // Numbers are never used twice. The listener is dropped with kGone, which comes for every cell, at the
  // latest when the jailer dies.
  std::uint64_t add(Listener listener);
  void remove(std::uint64_t cell) { listeners_.erase(cell); }

  // Never blocks: what the socket can't take waits here. The descriptors are kept until they are sent.
  void send(const protocol::ControlMessage& message, std::vector<base::Fd> fds = {});

 private:
  struct Outgoing {
    protocol::ControlMessage message;
    std::vector<base::Fd> fds;
  };

  void on_jailer_gone();
  void await_messages();
  void on_readable();
  void flush();

  boost::asio::posix::stream_descriptor socket_;
  ServiceListener service_;
  std::unordered_map<std::uint64_t, Listener> listeners_;
  std::deque<Outgoing> outgoing_;
  std::uint64_t next_cell_ = 1;
  bool flushing_ = false;
};

}  // namespace cellblock::backends::native
