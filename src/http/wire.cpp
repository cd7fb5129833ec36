#include "http/wire.hpp"

#include <algorithm>
#include <array>

namespace cellblock::http {
namespace {

// How long a client that is still sending gets to notice that it has been answered.
constexpr std::chrono::seconds kLinger{3};
constexpr std::size_t kLingeringRead = 8U << 10U;

}  // namespace

net::awaitable<error_code> Wire::readable(Clock::time_point until) {
  error_code failed;
  deadline_.set(until);
  co_await socket().async_wait(tcp::socket::wait_read, net::redirect_error(net::use_awaitable, failed));
  deadline_.clear();
  if (failed) transport_.drop_encryption();
  co_return failed;
}

net::awaitable<error_code> Wire::handshake(Clock::time_point until) {
  error_code failed;
  deadline_.set(until);
  co_await transport_.handshake(failed);
  deadline_.clear();
  if (failed) transport_.drop_encryption();
  co_return failed;
}

net::awaitable<error_code> Wire::read_some(std::size_t most, Clock::time_point until) {
  error_code failed;
  deadline_.set(until);
  const std::size_t count = co_await transport_.read_some(buffer_.prepare(most), failed);
  deadline_.clear();
  // Closed without the word that TLS has for it: what HTTP says tells whether something is missing.
  if (failed == net::ssl::error::stream_truncated) failed = net::error::eof;
  buffer_.commit(count);
  read_ += count;
  co_return failed&& deadline_.passed() ? error_code(beast::error::timeout) : failed;
}

net::awaitable<error_code> Wire::write(std::string_view head, std::string_view body) {
  const Pace pace(options_.stall_timeout, options_.min_bytes_per_second);
  std::uint64_t sent = 0;
  while (!head.empty() || !body.empty()) {
    error_code failed;
    const std::array rest{net::const_buffer(head.data(), head.size()),
                          net::const_buffer(body.data(), body.size())};
    deadline_.set(pace.next(sent));
    const std::size_t count = co_await transport_.write_some(rest, failed);
    deadline_.clear();
    if (failed) {
      // What the client has not taken goes with the connection, also what the kernel still holds of it.
      error_code ignored;
      if (deadline_.passed()) socket().set_option(net::socket_base::linger(true, 0), ignored);
      socket().close(ignored);
      co_return failed;
    }
    sent += count;
    written_ += count;
    const std::size_t of_head = std::min(count, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(count - of_head);
  }
  co_return error_code();
}

net::awaitable<void> Wire::close(bool unread, const std::function<void()>& lingers) {
  if (!socket().is_open()) co_return;
  error_code failed;
  const std::size_t waiting = socket().available(failed);
  unread = unread || waiting > 0 || buffer_.size() > 0;
  const auto until = Clock::now() + kLinger;
  if (transport_.encrypted()) {
    lingers();
    deadline_.set(until);
    co_await transport_.shut(failed);
    deadline_.clear();
    transport_.drop_encryption();
  }
  socket().shutdown(tcp::socket::shutdown_send, failed);
  // Closing with unread bytes resets the connection, and a reset can overtake the answer.
  if (unread) lingers();
  while (unread && !failed) {
    buffer_.clear();
    failed = co_await read_some(kLingeringRead, until);
  }
  socket().close(failed);
}

}  // namespace cellblock::http
