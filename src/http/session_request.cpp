// One request and its answer; the connection around it is in session.cpp.
#include <algorithm>
#include <string>

#include "http/guard.hpp"
#include "http/request_id.hpp"
#include "http/session.hpp"
#include "http/trace_context.hpp"

namespace cellblock::http {
namespace {

constexpr std::size_t kHeaderRead = 8U << 10U;
constexpr std::size_t kBodyRead = 32U << 10U;

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

net::awaitable<bool> Session::answer_one(RequestParser& parser) {
  turn(Turn::kHeader);
  const error_code fault = co_await read_header(parser);
  Framing framing = framing_of(parser.request(), context_.browser);
  request_id_ = framing.request_id;
  ++requests_;
  const std::uint32_t most = context_.options.max_requests;
  framing.keep_alive = framing.keep_alive && (most == 0 || requests_ < most);
  if (fault) {
    Reply reply = reply_for_header_fault(fault, parser.begun(), text_of(wire_.buffer()));
    co_return co_await refuse(std::move(reply), std::move(framing));
  }
  if (auto refusal = refuse_by_header(parser.request())) {
    co_return co_await refuse(std::move(*refusal), std::move(framing));
  }
  co_return co_await serve(parser, std::move(framing));
}

net::awaitable<error_code> Session::read_header(RequestParser& parser) {
  const auto until = Clock::now() + context_.options.header_timeout;
  for (;;) {
    error_code fault = parser.read_header(wire_.buffer());
    if (fault != bhttp::error::need_more) co_return fault;
    fault = co_await wire_.read_some(kHeaderRead, until);
    if (fault) co_return fault;
  }
}

net::awaitable<error_code> Session::read_body(RequestParser& parser) {
  if (expects_continue(parser.request()) && wire_.buffer().size() == 0) {
    const error_code fault = co_await wire_.write("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (fault) co_return fault;
  }
  const Pace pace(context_.options.stall_timeout, context_.options.min_bytes_per_second);
  std::uint64_t come = 0;
  for (;;) {
    error_code fault = parser.read_body(wire_.buffer());
    if (fault != bhttp::error::need_more) co_return fault;
    const std::size_t before = wire_.buffer().size();
    fault = co_await wire_.read_some(kBodyRead, pace.next(come));
    if (fault) co_return fault;
    come += wire_.buffer().size() - before;
  }
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
  AnswerStream stream(
      framing, [this](std::string_view head, std::string_view body) { return wire_.write(head, body); });
  Exchange exchange{parser.request(),
                    context_.service,
                    wire_.socket(),
                    !wire_.encrypted() && parser.request().version() >= 11,
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

tl::expected<Caller, Reply> Session::admitted(const Request& request, const Found& found) {
  // Who finds nothing here, or only asks whether somebody is there, needs to be nobody.
  if (found.route == nullptr || found.route->access == Access::kProbe) return Caller{};
  if (auto refused = refuse_host(request, context_.browser)) return tl::make_unexpected(std::move(*refused));
  return admit(request, found.route->access, wire_.socket(),
               KeyRules{context_.renewables.keys.get(), context_.options.keys.for_metrics});
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
  const error_code failed = co_await wire_.write(head, body);
  co_return !failed && framing.keep_alive;
}

}  // namespace cellblock::http
