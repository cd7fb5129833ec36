// Whether the client still listens, asked while nothing is being read from it.
#pragma once

#include "http/asio.hpp"

namespace cellblock::http {

// True when the peer has closed or reset the connection, or this side has closed the socket. Sees it
// behind unread bytes too, such as a pipelined request. A peer that has only closed its sending half
// counts as gone: the two cannot be told apart, and a client that leaves must end its execution.
[[nodiscard]] bool peer_gone(beast::tcp_stream& stream);

}  // namespace cellblock::http
