// Which handler answers which path and method.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/answer_stream.hpp"
#include "http/asio.hpp"
#include "http/client_limits.hpp"
#include "http/deadline.hpp"
#include "http/options.hpp"
#include "http/pending_execution.hpp"
#include "http/replay_store.hpp"
#include "http/reply.hpp"
#include "service/execution_service.hpp"

namespace cellblock::http {

// One request on its way through a handler. Everything referred to outlives the handler's coroutine.
struct Exchange {
  Request& request;  // a handler may take the body out of it
  service::ExecutionService& service;
  tcp::socket& client;
  bool may_provoke;  // bytes that mean nothing may be sent to the client beside the answer, see peer.hpp
  std::shared_ptr<CompletionGate> gate;
  std::shared_ptr<base::Lease> memory;  // the account that the body is kept on
  const ServerOptions& options;
  std::shared_ptr<ReplayStore> replays;
  AnswerStream& stream;  // for a handler that answers piece by piece; what it returns is then not sent
  ClientLimits& limits;
  service::Origin origin{};   // who asks, by the name of the API key if there is one, and in which trace
  std::string client_name{};  // whose limits count
  Clock::time_point since = Clock::now();  // the whole request is there
};

using Handler = net::awaitable<Reply> (*)(Exchange&);

// What a route asks of those who ask.
enum class Access : std::uint8_t {
  kProbe,    // nothing at all: load balancers ask it under any name
  kOpen,     // a Host that is served
  kFigures,  // a key too, if the operator wants that
  kRun,      // a key, where there are keys, and a place within the client's limits
  kBatch     // a key; each entry takes a place
};

struct Route {
  std::string_view path;
  bhttp::verb method;  // a GET route also answers HEAD; a POST route wants a body
  Handler handler;
  Access access;
};

[[nodiscard]] std::span<const Route> routes();

// Either the route or the answer that there is none: 404, or 405 with Allow.
struct Found {
  const Route* route = nullptr;
  Reply refusal;
};
[[nodiscard]] Found find_route(bhttp::verb method, std::string_view target);

// The path of a request target: without query, and without scheme and authority in the absolute form that
// proxies send. Not percent-decoded: no route needs that.
[[nodiscard]] std::string_view path_of(std::string_view target);

}  // namespace cellblock::http
