// An answer whose length is not known when it begins.
//
// HTTP/1.1 clients get it in chunks, HTTP/1.0 clients up to the end of the connection.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/asio.hpp"
#include "http/reply.hpp"
#include "http/response.hpp"

namespace cellblock::http {

class ChunkedAnswer {
 public:
  // Sends both, at the client's pace. Closes the connection if that fails.
  using Write = std::function<net::awaitable<error_code>(std::string_view head, std::string_view body)>;

  ChunkedAnswer(Framing framing, Write write) : framing_(std::move(framing)), write_(std::move(write)) {}

  // Status and fields of `head`, whose body is not sent. Once, and first. False, like the others, when the
  // client can't be reached any more.
  [[nodiscard]] net::awaitable<bool> begin(Reply head);
  // Not empty.
  [[nodiscard]] net::awaitable<bool> write(std::string text);
  [[nodiscard]] net::awaitable<bool> end();

  [[nodiscard]] bool begun() const { return begun_; }

 private:
  [[nodiscard]] bool chunked() const { return framing_.version >= 11; }

  Framing framing_;
  Write write_;
  bool begun_ = false;
};

}  // namespace cellblock::http
