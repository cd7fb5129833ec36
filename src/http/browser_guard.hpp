// What keeps pages of other sites from using a visitor's browser to reach this service.
//
// A page whose name is made to resolve to 127.0.0.1 (DNS rebinding) is of the same origin as the service on
// that port, and its requests carry that name as their Host. So on a loopback address only names that no
// stranger can own are served. Pages of other origins can't send JSON unless a preflight request allows it,
// and can't read answers that do not name them; by default none is named.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/asio.hpp"
#include "http/reply.hpp"

namespace cellblock::http {

struct BrowserRules {
  bool loopback = false;             // bound to a loopback address
  std::vector<std::string> hosts;    // served beside those below; "*": any
  std::vector<std::string> origins;  // whose pages may ask; "*": any
};

// Names that are always served: IP addresses, localhost, names below it, and names without a dot, which are
// nobody's in the public DNS (a proxy's upstream, a container).
[[nodiscard]] bool is_harmless_host(std::string_view host);

// The 421 for a Host that is not served, if this is one. Rules apply on loopback, or where names are given.
[[nodiscard]] std::optional<Reply> refuse_host(const bhttp::request_header<>& header,
                                               const BrowserRules& rules);

// What Access-Control-Allow-Origin is to say; empty: nothing.
[[nodiscard]] std::string allowed_origin(const bhttp::request_header<>& header, const BrowserRules& rules);

// The answer to a preflight request for a path with these methods; nothing when this is none, or CORS is off.
[[nodiscard]] std::optional<Reply> answer_preflight(const bhttp::request_header<>& header,
                                                    std::string_view methods, const BrowserRules& rules);

}  // namespace cellblock::http
