// The bytes of one connection, encrypted or not. Everything on the socket's strand, one operation at a time.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "http/tls.hpp"

namespace cellblock::http {

class Transport {
 public:
  // Without a context nothing is encrypted.
  Transport(tcp::socket socket, std::shared_ptr<TlsContext> tls)
      : socket_(std::move(socket)), tls_(std::move(tls)) {
    if (tls_) stream_.emplace(socket_, tls_->context);
  }

  [[nodiscard]] tcp::socket& socket() { return socket_; }
  [[nodiscard]] bool encrypted() const { return stream_.has_value(); }

  // Only while encrypted.
  net::awaitable<void> handshake(error_code& failed) {
    return stream_->async_handshake(net::ssl::stream_base::server,
                                    net::redirect_error(net::use_awaitable, failed));
  }
  // Tells the client that nothing follows, and waits for its word.
  net::awaitable<void> shut(error_code& failed) {
    return stream_->async_shutdown(net::redirect_error(net::use_awaitable, failed));
  }
  // What is read and written from now on is what is on the wire.
  void drop_encryption() { stream_.reset(); }

  // No coroutines of their own: what is not encrypted pays nothing for what could be.
  template <typename Buffers>
  net::awaitable<std::size_t> read_some(const Buffers& buffers, error_code& failed) {
    return stream_ ? stream_->async_read_some(buffers, net::redirect_error(net::use_awaitable, failed))
                   : socket_.async_read_some(buffers, net::redirect_error(net::use_awaitable, failed));
  }
  template <typename Buffers>
  net::awaitable<std::size_t> write_some(const Buffers& buffers, error_code& failed) {
    return stream_ ? stream_->async_write_some(buffers, net::redirect_error(net::use_awaitable, failed))
                   : socket_.async_write_some(buffers, net::redirect_error(net::use_awaitable, failed));
  }

 private:
  tcp::socket socket_;
  std::shared_ptr<TlsContext> tls_;
  std::optional<net::ssl::stream<tcp::socket&>> stream_;
};

}  // namespace cellblock::http
