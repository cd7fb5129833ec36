#include "http/session.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>

#include "http/guard.hpp"
#include "http/peer.hpp"
#include "http/request_id.hpp"

namespace cellblock::http {
namespace {

constexpr std::size_t kFirstRead = 8U << 10U;
// What is shown of a path.
constexpr std::size_t kLongestPath = 200;
// For all messages of a TLS handshake.
constexpr std::chrono::seconds kHandshake{10};

}  // namespace

Session::Session(tcp::socket socket, SessionContext context)
    : wire_(std::move(socket), context.renewables.tls.get(), context.options),
      context_(std::move(context)),
      client_(address_of(wire_.socket())) {}

Session::~Session() {
  context_.connections.remove(this);
}

void Session::start() {
  net::co_spawn(
      wire_.socket().get_executor(), [self = shared_from_this()] { return self->run(); },
      [self = shared_from_this()](const std::exception_ptr& failure) {
        if (!failure || !self->context_.options.log) return;
        try {
          std::rethrow_exception(failure);
        } catch (const std::exception& error) {
          self->context_.options.log(std::string("A connection failed: ") + error.what());
        }
      });
}

void Session::stop() {
  net::post(wire_.socket().get_executor(), [self = shared_from_this()] {
    error_code ignored;
    if (self->turn_ == Turn::kIdle || self->turn_ == Turn::kLeaving) self->wire_.socket().close(ignored);
  });
}

void Session::give_way() {
  net::post(wire_.socket().get_executor(), [self = shared_from_this()] {
    error_code ignored;
    if (self->turn_ != Turn::kServed) self->wire_.socket().close(ignored);
  });
}

void Session::abort() {
  net::post(wire_.socket().get_executor(), [self = shared_from_this()] {
    error_code ignored;
    self->wire_.socket().close(ignored);
  });
}

void Session::turn(Turn turn) {
  turn_ = turn;
  context_.connections.turn(this, turn);
}

void Session::tell(const Reply& reply, std::string_view request_id) {
  code_ = static_cast<unsigned>(reply.status);
  if (!context_.options.answered) return;
  context_.options.answered({route_, code_, reply.reason, request_id, client_, reply.id, reply.replayed});
}

net::awaitable<void> Session::run() {
  bool more = co_await open();
  while (more) more = co_await serve_one();
  const std::function<void()> lingers = [this] { turn(Turn::kLeaving); };
  co_await wire_.close(unread_, lingers);
}

net::awaitable<bool> Session::open() {
  if (!wire_.encrypted()) co_return true;
  const auto until =
      Clock::now() + std::min<std::chrono::milliseconds>(kHandshake, context_.options.header_timeout);
  // Who says nothing gives way at once, and an unfinished handshake like an unfinished header.
  if (co_await wire_.readable(until)) co_return false;
  turn(Turn::kHeader);
  const error_code failed = co_await wire_.handshake(until);
  if (!failed) co_return true;
  if (!is_plain_http(failed)) co_return false;
  Framing framing;
  framing.request_id = random_id();
  Reply reply =
      error_reply(bhttp::status::bad_request, "This port speaks HTTPS, not HTTP", "invalid_request");
  co_return co_await refuse(std::move(reply), std::move(framing));
}

net::awaitable<bool> Session::serve_one() {
  if (!co_await await_first_byte()) co_return false;
  const auto began = Clock::now();
  const std::uint64_t read = wire_.consumed();
  const std::uint64_t written = wire_.written();
  route_ = kNoRoute;
  code_ = 0;
  RequestParser parser(context_.options.max_header_bytes);
  const bool more = co_await answer_one(parser);
  if (context_.options.served) {
    const std::chrono::duration<double, std::milli> took = Clock::now() - began;
    const std::string_view path = path_of(as_view(parser.request().target()));
    context_.options.served({as_view(parser.request().method_string()), path.substr(0, kLongestPath), code_,
                             wire_.consumed() - read, wire_.written() - written, took.count(), client_,
                             request_id_});
  }
  co_return more;
}

net::awaitable<bool> Session::await_first_byte() {
  // After an answer that promised to keep the connection, a pipelined request is still served.
  if (wire_.buffer().size() > 0) co_return true;
  // A large request leaves a large buffer behind.
  wire_.buffer().shrink_to_fit();
  turn(Turn::kIdle);
  if (context_.connections.stopping()) co_return false;
  const error_code fault = co_await wire_.read_some(kFirstRead, Clock::now() + context_.options.idle_timeout);
  co_return !fault;
}

}  // namespace cellblock::http
