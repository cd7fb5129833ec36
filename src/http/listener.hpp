// The listening socket.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "http/asio.hpp"

namespace cellblock::http {

// Binds and listens; close-on-exec, so that no program started later inherits it. `host` is an address or
// a name, of which the first address counts. The error names host and port, the reason and what to change.
[[nodiscard]] base::Result<tcp::acceptor> open_listener(const net::any_io_executor& executor,
                                                        const std::string& host, std::uint16_t port);

// Takes over a TCP socket that listens already, whoever opened it. The error says what is wrong with it.
[[nodiscard]] base::Result<tcp::acceptor> adopt_listener(const net::any_io_executor& executor,
                                                         base::Fd listening);

void set_close_on_exec(int descriptor);

// Whether `host` is an address or a name that has one: all that can be said of it without listening.
[[nodiscard]] base::Result<void> check_address(const std::string& host);

}  // namespace cellblock::http
