#include "http/session.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <string>

#include "http/guard.hpp"
#include "http/peer.hpp"
#include "http/request_id.hpp"
#include "http/trace_context.hpp"

namespace cellblock::http {
namespace {

constexpr std::size_t kHeaderRead = 8U << 10U;
constexpr std::size_t kBodyRead = 32U << 10U;
// How long a client that is still sending gets to notice that it has been answered.
constexpr std::chrono::seconds kLinger{3};
// What is shown of a path.
constexpr std::size_t kLongestPath = 200;
// For all messages of a TLS handshake.
constexpr std::chrono::seconds kHandshake{10};

Framing framing_of(const Request& request, const BrowserRules& rules) {
  Framing framing;
  framing.version = request.version() >= 11 ? 11 : 10;
  framing.head = request.method() == bhttp::verb::head;
  framing.keep_alive = request.keep_alive();
  framing.request_id = request_id(as_view(request["X-Request-Id"]));
  framing.allow_origin = allowed_origin(request, rules);
  framing.vary_origin = !rules.origins.empty();
  return framing;
}

std::string_view text_of(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

}  // namespace

Session::Session(tcp::socket socket, SessionContext context)
    : transport_(std::move(socket), context.renewables.tls.get()),
      context_(std::move(context)),
      client_(address_of(socket_)) {}

Session::~Session() {
  context_.connections.remove(this);
}

void Session::start() {
  net::co_spawn(
      socket_.get_executor(), [self = shared_from_this()] { return self->run(); },
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
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    error_code ignored;
    if (self->turn_ == Turn::kIdle || self->turn_ == Turn::kLeaving) self->socket_.close(ignored);
  });
}

void Session::give_way() {
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    error_code ignored;
    if (self->turn_ != Turn::kServed) self->socket_.close(ignored);
  });
}

void Session::abort() {
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    error_code ignored;
    self->socket_.close(ignored);
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
  co_await close();
}

net::awaitable<bool> Session::open() {
  if (!transport_.encrypted()) co_return true;
  const auto until =
      Clock::now() + std::min<std::chrono::milliseconds>(kHandshake, context_.options.header_timeout);
  // Who says nothing gives way at once, and an unfinished handshake like an unfinished header.
  error_code failed;
  deadline_.set(until);
  co_await socket_.async_wait(tcp::socket::wait_read, net::redirect_error(net::use_awaitable, failed));
  deadline_.clear();
  if (!failed) {
    turn(Turn::kHeader);
    deadline_.set(until);
    co_await transport_.handshake(failed);
    deadline_.clear();
  }
  if (!failed) co_return true;
  transport_.drop_encryption();
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
  const std::uint64_t read = consumed();
  const std::uint64_t written = written_;
  route_ = kNoRoute;
  code_ = 0;
  RequestParser parser(context_.options.max_header_bytes);
  const bool more = co_await answer_one(parser);
  if (context_.options.served) {
    const std::chrono::duration<double, std::milli> took = Clock::now() - began;
    const std::string_view path = path_of(as_view(parser.request().target()));
    context_.options.served({as_view(parser.request().method_string()), path.substr(0, kLongestPath), code_,
                             consumed() - read, written_ - written, took.count(), client_, request_id_});
  }
  co_return more;
}

net::awaitable<bool> Session::answer_one(RequestParser& parser) {
  turn(Turn::kHeader);
  const error_code fault = co_await read_header(parser);
  Framing framing = framing_of(parser.request(), context_.browser);
  request_id_ = framing.request_id;
  ++requests_;
  const std::uint32_t most = context_.options.max_requests;
  framing.keep_alive = framing.keep_alive && (most == 0 || requests_ < most);
  if (fault) {
    Reply reply = reply_for_header_fault(fault, parser.begun(), text_of(buffer_));
    co_return co_await refuse(std::move(reply), std::move(framing));
  }
  if (auto refusal = refuse_by_header(parser.request())) {
    co_return co_await refuse(std::move(*refusal), std::move(framing));
  }
  co_return co_await serve(parser, std::move(framing));
}

net::awaitable<bool> Session::serve(RequestParser& parser, Framing framing) {
  Found found = find_route(parser.request().method(), as_view(parser.request().target()));
  if (found.route != nullptr) route_ = found.route->path;
  if (auto answer = answer_preflight(parser.request(), found.refusal.allow, context_.browser);
      answer && found.route == nullptr && !found.refusal.allow.empty()) {
    found.refusal = std::move(*answer);
  }
  auto caller = admitted(parser.request(), found);
  if (!caller) co_return co_await refuse(std::move(caller.error()), std::move(framing));
  const bool wants_body = found.route != nullptr && found.route->method == bhttp::verb::post;
  // The body of a request that needs none is read to find the next one, if it is not worth a hang-up.
  const std::uint64_t limit = wants_body ? context_.options.max_body_bytes : base::Lease::kFreeBytes;
  auto memory = std::make_shared<base::Lease>(context_.options.budget, base::ByteBudget::Use::kRequest);
  error_code fault = parser.admit_body(limit, *memory);
  if (!fault && !parser.is_done()) {
    turn(Turn::kBody);
    fault = co_await read_body(parser);
  }
  if (fault) {
    const bool no_memory = fault == boost::system::errc::not_enough_memory;
    Reply reply =
        no_memory ? busy_reply("No memory is left for a request of this size", context_.service.retry_after())
                  : reply_for_body_fault(fault, limit);
    if (found.route == nullptr && (no_memory || fault == bhttp::error::body_limit)) reply = found.refusal;
    co_return co_await refuse(std::move(reply), std::move(framing));
  }

  turn(Turn::kServed);
  if (found.route == nullptr) co_return co_await send(found.refusal, std::move(framing));
  framing.keep_alive = framing.keep_alive && !context_.connections.stopping();
  AnswerStream stream(framing,
                      [this](std::string_view head, std::string_view body) { return write(head, body); });
  Exchange exchange{parser.request(),
                    context_.service,
                    socket_,
                    !transport_.encrypted() && parser.request().version() >= 11,
                    context_.gate,
                    std::move(memory),
                    context_.options,
                    context_.replays,
                    stream,
                    context_.limits,
                    origin_of(parser.request(), std::move(caller->key)),
                    std::move(caller->client)};
  exchange.origin.request_id = framing.request_id;
  exchange.origin.client = client_;
  exchange.origin.account = exchange.client_name;
  // Held until the handler is done.
  auto place = found.route->access == Access::kRun ? context_.limits.enter(exchange.client_name)
                                                   : tl::expected<ClientLimits::Place, Reply>();
  if (!place) co_return co_await send(std::move(place.error()), std::move(framing));
  Reply reply = co_await found.route->handler(exchange);
  if (stream.begun()) tell(Reply(), framing.request_id);
  if (reply.nobody_reads) co_return false;
  if (stream.begun()) co_return stream.keeps_alive() && !context_.connections.stopping();
  co_return co_await send(std::move(reply), std::move(framing));
}

tl::expected<Caller, Reply> Session::admitted(const Request& request, const Found& found) const {
  // Who finds nothing here, or only asks whether somebody is there, needs to be nobody.
  if (found.route == nullptr || found.route->access == Access::kProbe) return Caller{};
  if (auto refused = refuse_host(request, context_.browser)) return tl::make_unexpected(std::move(*refused));
  return admit(request, found.route->access, socket_,
               KeyRules{context_.renewables.keys.get(), context_.options.keys.for_metrics});
}

net::awaitable<bool> Session::await_first_byte() {
  // After an answer that promised to keep the connection, a pipelined request is still served.
  if (buffer_.size() > 0) co_return true;
  // A large request leaves a large buffer behind.
  buffer_.shrink_to_fit();
  turn(Turn::kIdle);
  if (context_.connections.stopping()) co_return false;
  const error_code fault = co_await read_some(kHeaderRead, Clock::now() + context_.options.idle_timeout);
  co_return !fault;
}

net::awaitable<error_code> Session::read_header(RequestParser& parser) {
  const auto until = Clock::now() + context_.options.header_timeout;
  for (;;) {
    error_code fault = parser.read_header(buffer_);
    if (fault != bhttp::error::need_more) co_return fault;
    fault = co_await read_some(kHeaderRead, until);
    if (fault) co_return fault;
  }
}

net::awaitable<error_code> Session::read_body(RequestParser& parser) {
  if (expects_continue(parser.request()) && buffer_.size() == 0) {
    const error_code fault = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (fault) co_return fault;
  }
  const Pace pace(context_.options.stall_timeout, context_.options.min_bytes_per_second);
  std::uint64_t come = 0;
  for (;;) {
    error_code fault = parser.read_body(buffer_);
    if (fault != bhttp::error::need_more) co_return fault;
    const std::size_t before = buffer_.size();
    fault = co_await read_some(kBodyRead, pace.next(come));
    if (fault) co_return fault;
    come += buffer_.size() - before;
  }
}

net::awaitable<bool> Session::refuse(Reply reply, Framing framing) {
  // The connection itself has failed: there is nobody to answer.
  if (reply.status == bhttp::status::unknown) co_return false;
  unread_ = true;
  framing.keep_alive = false;
  co_return co_await send(std::move(reply), std::move(framing));
}

net::awaitable<bool> Session::send(Reply reply, Framing framing) {
  turn(Turn::kServed);
  if (!reply.memory) {
    reply.memory = std::make_shared<base::Lease>(context_.options.budget, base::ByteBudget::Use::kAnswer);
  }
  if (!reply.memory->resize(reply.body.capacity())) {
    reply = busy_reply("No memory is left for an answer of this size", context_.service.retry_after());
  }
  const auto memory = std::move(reply.memory);
  framing.keep_alive = framing.keep_alive && !reply.close && !context_.connections.stopping();
  tell(reply, framing.request_id);
  const Response response = make_response(std::move(reply), framing);
  const std::string head = header_text(response);
  const std::string_view body = framing.head ? std::string_view() : response.body();
  const error_code failed = co_await write(head, body);
  co_return !failed && framing.keep_alive;
}

net::awaitable<error_code> Session::read_some(std::size_t most, Clock::time_point until) {
  error_code failed;
  deadline_.set(until);
  const std::size_t count = co_await transport_.read_some(buffer_.prepare(most), failed);
  deadline_.clear();
  // Closed without the word that TLS has for it: what HTTP says tells whether something is missing.
  if (failed == net::ssl::error::stream_truncated) failed = net::error::eof;
  buffer_.commit(count);
  read_ += count;
  co_return failed&& deadline_.passed() ? error_code(beast::error::timeout) : failed;
}

net::awaitable<error_code> Session::write(std::string_view head, std::string_view body) {
  const Pace pace(context_.options.stall_timeout, context_.options.min_bytes_per_second);
  std::uint64_t sent = 0;
  while (!head.empty() || !body.empty()) {
    error_code failed;
    const std::array rest{net::const_buffer(head.data(), head.size()),
                          net::const_buffer(body.data(), body.size())};
    deadline_.set(pace.next(sent));
    const std::size_t count = co_await transport_.write_some(rest, failed);
    deadline_.clear();
    if (failed) {
      // What the client has not taken goes with the connection, also what the kernel still holds of it.
      error_code ignored;
      if (deadline_.passed()) socket_.set_option(net::socket_base::linger(true, 0), ignored);
      socket_.close(ignored);
      co_return failed;
    }
    sent += count;
    written_ += count;
    const std::size_t of_head = std::min(count, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(count - of_head);
  }
  co_return error_code();
}

net::awaitable<void> Session::close() {
  if (!socket_.is_open()) co_return;
  error_code failed;
  const std::size_t waiting = socket_.available(failed);
  unread_ = unread_ || waiting > 0 || buffer_.size() > 0;
  const auto until = Clock::now() + kLinger;
  if (transport_.encrypted()) {
    turn(Turn::kLeaving);
    deadline_.set(until);
    co_await transport_.shut(failed);
    deadline_.clear();
    transport_.drop_encryption();
  }
  socket_.shutdown(tcp::socket::shutdown_send, failed);
  // Closing with unread bytes resets the connection, and a reset can overtake the answer.
  if (unread_) turn(Turn::kLeaving);
  while (unread_ && !failed) {
    buffer_.clear();
    failed = co_await read_some(kHeaderRead, until);
  }
  socket_.close(failed);
}

}  // namespace cellblock::http
