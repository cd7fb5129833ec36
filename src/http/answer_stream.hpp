// An answer that is sent while it is made: chunks in HTTP/1.1, in HTTP/1.0 whatever comes until the
// connection closes. Everything happens on the connection's strand.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/asio.hpp"
#include "http/reply.hpp"
#include "http/response.hpp"

namespace cellblock::http {

class AnswerStream {
 public:
  // Sends all of both at the client's pace; the connection is closed when that fails.
  using Write = std::function<net::awaitable<error_code>(std::string_view head, std::string_view body)>;

  AnswerStream(Framing framing, Write write) : framing_(std::move(framing)), write_(std::move(write)) {}

  // Status and fields of `head`, whose body is not sent. Once, and first.
  [[nodiscard]] net::awaitable<error_code> begin(Reply head);
  [[nodiscard]] net::awaitable<error_code> write(std::string text);
  // The answer is whole. Without this a client sees that it was cut off.
  [[nodiscard]] net::awaitable<error_code> end();

  [[nodiscard]] bool begun() const { return begun_; }
  // Whether another request may follow.
  [[nodiscard]] bool keeps_alive() const { return whole_ && framing_.keep_alive; }

 private:
  [[nodiscard]] bool chunked() const { return framing_.version >= 11; }

  Framing framing_;
  Write write_;
  bool begun_ = false;
  bool whole_ = false;
};

}  // namespace cellblock::http
