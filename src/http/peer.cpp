#include "http/peer.hpp"

#include <poll.h>
#include <sys/socket.h>

namespace cellblock::http {

Peer look_at_peer(tcp::socket& socket) {
  if (!socket.is_open()) return Peer::kGone;
  // A recv() with MSG_PEEK would stop at the first unread byte; POLLRDHUP does not.
  pollfd entry{socket.native_handle(), POLLRDHUP, 0};
  if (::poll(&entry, 1, 0) <= 0) return Peer::kListens;
  if ((entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return Peer::kGone;
  return (entry.revents & POLLRDHUP) != 0 ? Peer::kHalfClosed : Peer::kListens;
}

bool provoke_peer(tcp::socket& socket, std::string_view bytes) {
  const ssize_t sent =
      ::send(socket.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  // A client that reads nothing has a full buffer, and nothing is sent to it.
  return sent <= 0 || static_cast<std::size_t>(sent) == bytes.size();
}

std::string address_of(const tcp::socket& socket) {
  error_code failed;
  const auto endpoint = socket.remote_endpoint(failed);
  if (failed) return {};
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace cellblock::http
