// Asio and Beast under the names that this folder uses. Include this instead of the Boost headers.
#pragma once

// Boost 1.74's awaitable.hpp uses std::exchange without including it, so this comes first.
#include <string_view>
#include <utility>

// GCC 12 inlines epoll_reactor.ipp so far that it takes a thread-local of scheduler.ipp, which is never null
// there, for a possible null pointer.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnull-dereference"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#pragma GCC diagnostic pop

namespace cellblock::http {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = boost::asio::ip::tcp;
using boost::system::error_code;

// Beast 1.74 speaks of Boost's own string_view.
[[nodiscard]] inline std::string_view as_view(beast::string_view text) {
  return {text.data(), text.size()};
}

using Request = bhttp::request<bhttp::string_body>;

}  // namespace cellblock::http
