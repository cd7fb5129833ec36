// Whether the client still listens, asked while nothing is being read from it.
//
// A client that leaves and one that has only closed its sending half look the same: end of file. Most
// servers take both for gone. Here both get their due: the second its answer, the first its cancellation.
// What tells them apart is a byte sent to them, which a closed socket answers with a reset; and HTTP/1.1 has
// bytes that may be sent at any time before the answer and mean nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/asio.hpp"

namespace cellblock::http {

enum class Peer : std::uint8_t {
  kListens,
  kHalfClosed,  // will send nothing more
  kGone         // closed or reset by either side
};

// Sees an end behind unread bytes too, such as a pipelined request.
[[nodiscard]] Peer look_at_peer(tcp::socket& socket);

// Before an answer has begun, these bytes mean nothing.
inline constexpr std::string_view kInterimAnswer = "HTTP/1.1 100 Continue\r\n\r\n";

// Sends bytes that mean nothing to an HTTP/1.1 client that has sent its request. Whether it was
// gone shows a round trip later. False when only a part of it could be sent: the connection is of no use any
// more.
[[nodiscard]] bool provoke_peer(tcp::socket& socket, std::string_view bytes);

// "127.0.0.1:40312"; empty when there is no other side any more.
[[nodiscard]] std::string address_of(const tcp::socket& socket);

}  // namespace cellblock::http
