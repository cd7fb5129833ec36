#include "http/session.hpp"

#include <array>
#include <exception>
#include <string>

#include "http/guard.hpp"
#include "http/request_id.hpp"
#include "http/routes.hpp"

namespace cellblock::http {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kReadSize = 8192;
// Bytes per millisecond that any honest peer manages; a large body gets its deadline extended by it.
constexpr std::uint64_t kSlowestPeer = 64;
// How long a client that is still sending gets to notice that it has been answered.
constexpr std::chrono::seconds kLinger{3};

milliseconds deadline_for(milliseconds base, std::uint64_t bytes) {
  return base + milliseconds(bytes / kSlowestPeer);
}

Framing framing_of(const Request& request) {
  Framing framing;
  framing.version = request.version() >= 11 ? 11 : 10;
  framing.head = request.method() == bhttp::verb::head;
  framing.keep_alive = request.keep_alive();
  framing.request_id = request_id(as_view(request["X-Request-Id"]));
  return framing;
}

}  // namespace

Session::Session(tcp::socket socket, SessionContext context)
    : stream_(std::move(socket)), context_(std::move(context)) {}

Session::~Session() {
  context_.connections.remove(this);
}

void Session::start() {
  net::co_spawn(
      stream_.get_executor(), [self = shared_from_this()] { return self->run(); },
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
  net::post(stream_.get_executor(), [self = shared_from_this()] {
    if (self->idle_) self->stream_.close();
  });
}

void Session::abort() {
  net::post(stream_.get_executor(), [self = shared_from_this()] { self->stream_.close(); });
}

net::awaitable<void> Session::run() {
  bool more = true;
  while (more) more = co_await serve_one();
  co_await close();
}

net::awaitable<bool> Session::serve_one() {
  const bool begun = co_await await_first_byte();
  if (!begun) co_return false;

  Parser parser;
  parser.header_limit(context_.options.max_header_bytes);
  parser.body_limit(context_.options.max_body_bytes);
  error_code fault = co_await read_header(parser);
  Framing framing = framing_of(parser.get());
  if (!fault) {
    if (auto refusal = refuse_by_header(parser.get())) {
      co_return co_await refuse(std::move(*refusal), std::move(framing));
    }
    fault = co_await read_body(parser);
  }
  if (fault) {
    Reply reply = reply_for_fault(fault, context_.options.max_body_bytes);
    if (reply.status == bhttp::status::unknown) co_return false;
    co_return co_await refuse(std::move(reply), std::move(framing));
  }

  const Request request = parser.release();
  Reply reply = co_await handle(request);
  if (reply.nobody_reads) co_return false;
  co_return co_await send(std::move(reply), std::move(framing));
}

net::awaitable<bool> Session::await_first_byte() {
  // After an answer that promised to keep the connection, a pipelined request is still served.
  if (buffer_.size() > 0) co_return true;
  idle_ = true;
  if (context_.connections.stopping()) co_return false;
  stream_.expires_after(context_.options.idle_timeout);
  error_code failed;
  const std::size_t count = co_await stream_.async_read_some(buffer_.prepare(kReadSize),
                                                             net::redirect_error(net::use_awaitable, failed));
  idle_ = false;
  buffer_.commit(count);
  co_return !failed && stream_.socket().is_open();
}

// The parser itself is handed to Beast, never parser.get(): limits apply to the parser only.
net::awaitable<error_code> Session::read_header(Parser& parser) {
  error_code fault;
  stream_.expires_after(context_.options.read_deadline);
  co_await bhttp::async_read_header(stream_, buffer_, parser, net::redirect_error(net::use_awaitable, fault));
  co_return fault;
}

net::awaitable<error_code> Session::read_body(Parser& parser) {
  error_code fault;
  if (parser.is_done()) co_return fault;
  const auto length = parser.content_length();
  stream_.expires_after(deadline_for(context_.options.read_deadline, length ? *length : 0));
  if (expects_continue(parser.get()) && buffer_.size() == 0) {
    const bhttp::response<bhttp::empty_body> go_on(bhttp::status::continue_, 11);
    co_await bhttp::async_write(stream_, go_on, net::redirect_error(net::use_awaitable, fault));
    if (fault) co_return fault;
  }
  co_await bhttp::async_read(stream_, buffer_, parser, net::redirect_error(net::use_awaitable, fault));
  co_return fault;
}

net::awaitable<Reply> Session::handle(const Request& request) {
  Found found = find_route(request.method(), as_view(request.target()));
  if (found.route == nullptr) co_return std::move(found.refusal);
  // An execution may take longer than any deadline of the socket.
  stream_.expires_never();
  Exchange exchange{request, context_.service, stream_, context_.gate};
  co_return co_await found.route->handler(exchange);
}

net::awaitable<bool> Session::refuse(Reply reply, Framing framing) {
  unread_ = true;
  framing.keep_alive = false;
  // What could not be parsed has no version and no id to rely on.
  if (framing.request_id.empty()) framing.request_id = random_id();
  co_return co_await send(std::move(reply), std::move(framing));
}

net::awaitable<bool> Session::send(Reply reply, Framing framing) {
  framing.keep_alive = framing.keep_alive && !reply.close && !context_.connections.stopping();
  const bool keep_alive = framing.keep_alive;
  Response response = make_response(std::move(reply), framing);
  bhttp::response_serializer<bhttp::string_body> serializer(response);
  stream_.expires_after(deadline_for(context_.options.write_deadline, response.body().size()));
  error_code failed;
  if (framing.head) {
    co_await bhttp::async_write_header(stream_, serializer, net::redirect_error(net::use_awaitable, failed));
  } else {
    co_await bhttp::async_write(stream_, serializer, net::redirect_error(net::use_awaitable, failed));
  }
  co_return !failed && keep_alive;
}

net::awaitable<void> Session::close() {
  if (!stream_.socket().is_open()) co_return;
  error_code failed;
  const std::size_t waiting = stream_.socket().available(failed);
  unread_ = unread_ || waiting > 0 || buffer_.size() > 0;
  stream_.socket().shutdown(tcp::socket::shutdown_send, failed);
  // Closing with unread bytes resets the connection, and a reset can overtake the answer.
  if (unread_ && !failed) {
    stream_.expires_after(kLinger);
    std::array<char, kReadSize> scrap{};
    while (!failed) {
      co_await stream_.async_read_some(net::buffer(scrap), net::redirect_error(net::use_awaitable, failed));
    }
  }
  stream_.close();
}

}  // namespace cellblock::http
