#include "http/chunked_answer.hpp"

#include <array>
#include <charconv>

namespace cellblock::http {

net::awaitable<bool> ChunkedAnswer::begin(Reply head) {
  begun_ = true;
  if (!chunked()) framing_.keep_alive = false;
  head.body.clear();
  Response response = make_response(std::move(head), framing_);
  response.erase(bhttp::field::content_length);
  if (chunked()) response.set(bhttp::field::transfer_encoding, "chunked");
  const std::string text = header_text(response);
  const error_code failed = co_await write_(text, {});
  co_return !failed;
}

net::awaitable<bool> ChunkedAnswer::write(std::string text) {
  std::string head;
  if (chunked()) {
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), text.size(), 16).ptr;
    head.assign(size.data(), end).append("\r\n");
    text += "\r\n";
  }
  const error_code failed = co_await write_(head, text);
  co_return !failed;
}

net::awaitable<bool> ChunkedAnswer::end() {
  if (!chunked()) co_return true;
  const error_code failed = co_await write_("0\r\n\r\n", {});
  co_return !failed;
}

}  // namespace cellblock::http
