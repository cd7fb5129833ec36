// One HTTP/1.x connection: requests in, answers out, in order, one at a time.
//
//   idle ──first byte──▶ header ──▶ body ──▶ handler ──▶ answer ──┬─▶ idle (keep-alive)
//     │                    │          │         │                 └─▶ close
//     └─ idle timeout      └─ deadline┘         └─ no deadline; client gone: cancel
//
// Everything happens on the connection's own strand, so nothing here is locked.
#pragma once

#include <memory>

#include "http/asio.hpp"
#include "http/connections.hpp"
#include "http/options.hpp"
#include "http/pending_execution.hpp"
#include "http/response.hpp"
#include "service/execution_service.hpp"

namespace cellblock::http {

// What all connections of a server share; outlives them.
struct SessionContext {
  const ServerOptions& options;
  service::ExecutionService& service;
  Connections& connections;
  std::shared_ptr<CompletionGate> gate;
};

class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  // The socket's executor must be a strand of its own.
  Session(tcp::socket socket, SessionContext context);
  ~Session() override;

  // Lives from now on until the connection ends.
  void start();
  void stop() override;
  void abort() override;

 private:
  using Parser = bhttp::request_parser<bhttp::string_body>;

  net::awaitable<void> run();
  // One request and its answer; false when no other may follow.
  net::awaitable<bool> serve_one();
  net::awaitable<bool> await_first_byte();
  net::awaitable<error_code> read_header(Parser& parser);
  net::awaitable<error_code> read_body(Parser& parser);
  net::awaitable<Reply> handle(const Request& request);
  net::awaitable<bool> refuse(Reply reply, Framing framing);
  net::awaitable<bool> send(Reply reply, Framing framing);
  net::awaitable<void> close();

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;  // what was read beyond the current request
  SessionContext context_;
  bool idle_ = false;    // waiting for the first byte of a request
  bool unread_ = false;  // the client may still be sending what will not be read
};

}  // namespace cellblock::http
