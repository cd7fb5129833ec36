#include "http/peer.hpp"

#include <poll.h>

namespace cellblock::http {

bool peer_gone(beast::tcp_stream& stream) {
  if (!stream.socket().is_open()) return true;
  // A recv() with MSG_PEEK would stop at the first unread byte; POLLRDHUP does not.
  pollfd entry{stream.socket().native_handle(), POLLRDHUP, 0};
  if (::poll(&entry, 1, 0) <= 0) return false;
  return (entry.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace cellblock::http
