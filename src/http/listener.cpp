#include "http/listener.hpp"

#include <fcntl.h>

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

void set_close_on_exec(int descriptor) {
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace cellblock::http
