// The description of the interface: openapi.json, and a page that shows it in a browser. All of it is
// compiled in; the page loads nothing from anywhere else.
#pragma once

#include "http/asio.hpp"
#include "http/reply.hpp"
#include "http/routes.hpp"

namespace cellblock::http {

[[nodiscard]] net::awaitable<Reply> openapi(Exchange& exchange);
[[nodiscard]] net::awaitable<Reply> docs_page(Exchange& exchange);
[[nodiscard]] net::awaitable<Reply> docs_style(Exchange& exchange);
[[nodiscard]] net::awaitable<Reply> docs_script(Exchange& exchange);

}  // namespace cellblock::http
