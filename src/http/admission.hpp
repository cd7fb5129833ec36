// Who may ask for what, decided by the header alone, before a body is read.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "http/asio.hpp"
#include "http/key_rules.hpp"
#include "http/reply.hpp"
#include "http/routes.hpp"

namespace cellblock::http {

struct Caller {
  std::string key;     // its name; empty where there are no keys
  std::string client;  // whose limits count: the key, or the address
};

// 401 without a key that is known, 403 with one that was revoked.
[[nodiscard]] tl::expected<Caller, Reply> admit(const bhttp::request_header<>& header, Access access,
                                                const tcp::socket& client, const KeyRules& rules);

// An address as one client: of IPv6 the network of 64 bits, since whoever has one has all of its addresses.
[[nodiscard]] std::string client_of(const net::ip::address& address);

}  // namespace cellblock::http
