#include "http/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

namespace cellblock::http {
namespace {

std::string hint_for(int code) {
  switch (code) {
    case EADDRINUSE:
      return "another program listens there: stop it or choose another port";
    case EACCES:
      return "ports below 1024 need a capability: choose a higher one";
    case EADDRNOTAVAIL:
      return "this machine does not have that address: 127.0.0.1 and 0.0.0.0 always exist";
    default:
      return {};
  }
}

base::Result<tcp::endpoint> endpoint_of(const net::any_io_executor& executor, const std::string& host,
                                        std::uint16_t port, const std::string& what) {
  error_code failed;
  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, failed);
  if (failed || found.empty()) {
    return base::make_error(what + ": " + (failed ? failed.message() : "no address found"),
                            "give an address such as 127.0.0.1 or 0.0.0.0, or a name that resolves");
  }
  return found.begin()->endpoint();
}

}  // namespace

base::Result<void> check_address(const std::string& host) {
  net::io_context context;
  const auto endpoint = endpoint_of(context.get_executor(), host, 0, "option host, address " + host);
  if (!endpoint) return tl::make_unexpected(endpoint.error());
  return {};
}

base::Result<tcp::acceptor> open_listener(const net::any_io_executor& executor, const std::string& host,
                                          std::uint16_t port) {
  const std::string what = "listen on " + host + " port " + std::to_string(port);
  const auto found = endpoint_of(executor, host, port, what);
  if (!found) return tl::make_unexpected(found.error());
  const tcp::endpoint& endpoint = *found;
  error_code failed;
  const auto error = [&] {
    return tl::make_unexpected(base::Error{what, failed.value(), hint_for(failed.value())});
  };
  tcp::acceptor acceptor(executor);
  if (acceptor.open(endpoint.protocol(), failed); failed) return error();
  set_close_on_exec(acceptor.native_handle());
  // Else a restarted service could not bind while connections of the former one are in TIME_WAIT.
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), failed); failed) return error();
  if (acceptor.bind(endpoint, failed); failed) return error();
  if (acceptor.listen(net::socket_base::max_listen_connections, failed); failed) return error();
  return acceptor;
}

base::Result<tcp::acceptor> adopt_listener(const net::any_io_executor& executor, base::Fd listening) {
  const std::string what = "listen on the socket that was handed over";
  sockaddr_storage place{};
  socklen_t size = sizeof(place);
  // The kernel's interface takes every kind of address by this type.
  if (::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&place), &size) != 0) {
    return base::errno_error(what);
  }
  int listens = 0;
  socklen_t length = sizeof(listens);
  const bool known = ::getsockopt(listening.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0;
  const bool internet = place.ss_family == AF_INET || place.ss_family == AF_INET6;
  if (!known || listens == 0 || !internet) {
    return base::make_error(what + ": it is none for TCP, or does not listen",
                            "in a unit of systemd: ListenStream=, with an address and a port");
  }
  tcp::acceptor acceptor(executor);
  error_code failed;
  acceptor.assign(place.ss_family == AF_INET ? tcp::v4() : tcp::v6(), listening.get(), failed);
  if (failed) return tl::make_unexpected(base::Error{what, failed.value(), {}});
  static_cast<void>(listening.release());  // the acceptor's now
  return acceptor;
}

void set_close_on_exec(int descriptor) {
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace cellblock::http
