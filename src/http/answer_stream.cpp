#include "http/answer_stream.hpp"

#include <array>
#include <cstdio>

namespace cellblock::http {

net::awaitable<error_code> AnswerStream::begin(Reply head) {
  begun_ = true;
  // Nothing but the end of the connection tells an HTTP/1.0 client where the answer ends.
  framing_.keep_alive = framing_.keep_alive && chunked();
  head.body.clear();
  Response response = make_response(std::move(head), framing_);
  response.erase(bhttp::field::content_length);
  if (chunked()) response.set(bhttp::field::transfer_encoding, "chunked");
  // nginx would keep it back until it is whole.
  response.set("X-Accel-Buffering", "no");
  const std::string text = header_text(response);
  co_return co_await write_(text, {});
}

net::awaitable<error_code> AnswerStream::write(std::string text) {
  // An empty chunk would be the last.
  if (text.empty()) co_return error_code();
  std::array<char, 24> size{};
  if (chunked()) {
    std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
    text += "\r\n";
  }
  co_return co_await write_(size.data(), text);
}

net::awaitable<error_code> AnswerStream::end() {
  whole_ = true;
  if (!chunked()) co_return error_code();
  co_return co_await write_("0\r\n\r\n", {});
}

}  // namespace cellblock::http
