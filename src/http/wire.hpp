// What goes over one connection: bytes in and out, each wait with a deadline, until the last goodbye. Nothing
// here knows what a request is. Everything on the socket's strand, one operation at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "http/asio.hpp"
#include "http/deadline.hpp"
#include "http/options.hpp"
#include "http/transport.hpp"

namespace cellblock::http {

class Wire {
 public:
  // Without a context nothing is encrypted. The options outlive it.
  Wire(tcp::socket socket, std::shared_ptr<TlsContext> tls, const ServerOptions& options)
      : transport_(std::move(socket), std::move(tls)), options_(options) {}

  [[nodiscard]] tcp::socket& socket() { return transport_.socket(); }
  [[nodiscard]] bool encrypted() const { return transport_.encrypted(); }

  // What was read and not used yet. Whoever uses it takes it out.
  [[nodiscard]] beast::flat_buffer& buffer() { return buffer_; }
  // Bytes since the connection began: taken out of the buffer, and sent.
  [[nodiscard]] std::uint64_t consumed() const { return read_ - buffer_.size(); }
  [[nodiscard]] std::uint64_t written() const { return written_; }

  // Both only while encrypted, and before anything was read: the client's first byte has come; the two have
  // come to terms. After a failure the bytes are plain ones.
  net::awaitable<error_code> readable(Clock::time_point until);
  net::awaitable<error_code> handshake(Clock::time_point until);
  // One read of at most so many bytes into the buffer; beast::error::timeout when nothing came in time.
  net::awaitable<error_code> read_some(std::size_t most, Clock::time_point until);
  // All of both, at the client's pace. Closes the connection if that fails.
  net::awaitable<error_code> write(std::string_view head, std::string_view body);
  // Nothing more will be sent. With `unread`, or if bytes wait, the client gets a while to see that it has
  // been answered; `lingers` is called before anything that may take long.
  net::awaitable<void> close(bool unread, const std::function<void()>& lingers);

 private:
  Transport transport_;
  const ServerOptions& options_;
  Deadline deadline_{transport_.socket()};
  beast::flat_buffer buffer_;
  std::uint64_t read_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace cellblock::http
