// A blocking HTTP client for tests that sends exactly the bytes it is told.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.hpp"

namespace cellblock::http {

struct RawResponse {
  int status = 0;
  std::string version;                         // "HTTP/1.1"
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class RawClient {
 public:
  // Connects to 127.0.0.1; every wait is bounded by ten seconds.
  explicit RawClient(std::uint16_t port);

  void send(std::string_view bytes);
  // Sends what the peer takes and ignores that it has stopped taking it.
  void send_all_it_takes(const std::string& bytes);
  // The next response; nothing if the connection ends first. `body_follows` is false for HEAD.
  [[nodiscard]] std::optional<RawResponse> receive(bool body_follows = true);
  // The next chunk of a body that comes in chunks; empty at its end.
  [[nodiscard]] std::string receive_chunk();
  // Everything up to the end of the connection.
  [[nodiscard]] std::string rest();
  // All bytes up to the end of `mark`; fewer if the connection ends first.
  [[nodiscard]] std::string receive_until(std::string_view mark);
  // True when the peer closes without sending anything else.
  [[nodiscard]] bool closed_by_peer();
  // The peer sees the end of what this side sends.
  void close_sending();
  void close() { socket_.reset(); }
  // Closes so that the peer gets a reset.
  void reset();

 private:
  bool read_more();

  base::Fd socket_;
  std::string buffer_;
};

// A POST /execute with this body.
[[nodiscard]] std::string execute_request(std::string_view body, std::string_view more_headers = {});

}  // namespace cellblock::http
