// What the operator sets of the HTTP side.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cellblock::http {

struct ServerOptions {
  std::string host = "127.0.0.1";  // address or name
  std::uint16_t port = 8080;       // 0: any free one
  std::uint64_t max_body_bytes = 16ULL << 20U;
  std::uint32_t max_header_bytes = 16U << 10U;
  // For a whole header once its first byte is there, and for a whole body. Large bodies get more time,
  // see kSlowestPeer in session.cpp.
  std::chrono::milliseconds read_deadline{30'000};
  std::chrono::milliseconds idle_timeout{60'000};  // between two requests of one connection
  std::chrono::milliseconds write_deadline{60'000};
  std::size_t max_connections = 2000;
  unsigned threads = 2;
  // Gets a line for what no client can be told. Called from any of the threads; may be empty.
  std::function<void(std::string_view)> log;
};

}  // namespace cellblock::http
