// One HTTP/1.x connection: requests in, answers out, in order, one at a time.
//
//  (handshake ─▶)
//   idle ──first byte──▶ header ──▶ body ──▶ handler ──▶ answer ──┬─▶ idle (keep-alive)
//     │                    │          │         │            │    └─▶ close
//     └─ idle timeout      └─ timeout └─ pace   └─ client    └─ pace
//                                                  gone: cancel
//
// A client that is too slow with its request gets a 408; one that does not take its answer is cut off.
// Everything happens on the connection's own strand, so nothing here is locked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/admission.hpp"
#include "http/asio.hpp"
#include "http/browser_guard.hpp"
#include "http/client_limits.hpp"
#include "http/connections.hpp"
#include "http/options.hpp"
#include "http/pending_execution.hpp"
#include "http/request_parser.hpp"
#include "http/response.hpp"
#include "http/routes.hpp"
#include "http/wire.hpp"
#include "service/execution_service.hpp"

namespace cellblock::http {

// What all connections of a server share; outlives them.
struct SessionContext {
  const ServerOptions& options;
  service::ExecutionService& service;
  Connections& connections;
  std::shared_ptr<CompletionGate> gate;
  std::shared_ptr<ReplayStore> replays;
  ClientLimits& limits;
  const BrowserRules& browser;
  const Renewables& renewables;
};

class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  // The socket's executor must be a strand of its own.
  Session(tcp::socket socket, SessionContext context);
  ~Session() override;

  // Lives from now on until the connection ends.
  void start();
  void stop() override;
  void give_way() override;
  void abort() override;

 private:
  net::awaitable<void> run();
  // False when the client and this don't come to terms about encryption.
  net::awaitable<bool> open();
  // One request and its answer; false when no other may follow.
  net::awaitable<bool> serve_one();
  net::awaitable<bool> answer_one(RequestParser& parser);
  net::awaitable<bool> await_first_byte();
  net::awaitable<error_code> read_header(RequestParser& parser);
  net::awaitable<error_code> read_body(RequestParser& parser);
  net::awaitable<bool> serve(RequestParser& parser, Framing framing);
  // What the header alone decides about a request for this route.
  [[nodiscard]] tl::expected<Caller, Reply> admitted(const Request& request, const Found& found);
  net::awaitable<bool> refuse(Reply reply, Framing framing);
  net::awaitable<bool> send(Reply reply, Framing framing);

  void turn(Turn turn);
  void tell(const Reply& reply, std::string_view request_id);

  Wire wire_;  // its buffer: what was read beyond the current request
  SessionContext context_;
  Turn turn_ = Turn::kIdle;
  std::string client_;                 // its address
  std::string_view route_ = kNoRoute;  // of the current request
  std::string request_id_;             // of the current request
  unsigned code_ = 0;                  // of its answer
  std::uint32_t requests_ = 0;         // with it, on this connection
  bool unread_ = false;                // the client may still be sending what will not be read
};

}  // namespace cellblock::http
