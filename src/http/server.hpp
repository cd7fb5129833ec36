// The HTTP server: a listening socket, threads, and the connections on them.
//
// Shutting down, in this order: stop_accepting() lets every connection end after the answer that is due;
// Engine::drain() brings those answers about; shutdown() waits for them to be written.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "http/asio.hpp"
#include "http/browser_guard.hpp"
#include "http/client_limits.hpp"
#include "http/connections.hpp"
#include "http/options.hpp"
#include "http/pending_execution.hpp"
#include "service/execution_service.hpp"

namespace cellblock::http {

class Server {
 public:
  // Listens, but answers nobody before start(). `service` must outlive the server. With `listening`, a socket
  // that listens already, host and port of the options say nothing.
  [[nodiscard]] static base::Result<std::unique_ptr<Server>> bind(ServerOptions options,
                                                                  service::ExecutionService& service,
                                                                  base::Fd listening = {});
  // Aborts what shutdown() has not ended.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // The address that it listens on.
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::size_t connections() const { return connections_.count(); }

  // Starts the threads; once.
  void start();
  // From any thread: for requests, and for connections, that come from now on.
  void set_keys(std::shared_ptr<const ApiKeys> keys) { renewables_.keys.set(std::move(keys)); }
  void set_tls(std::shared_ptr<TlsContext> tls) { renewables_.tls.set(std::move(tls)); }
  // From any thread, also more than once. Idle connections end at once; from now on every answer says
  // `Connection: close`.
  void stop_accepting();
  // Stops accepting, waits at most `limit` for the connections to end, aborts the rest, and joins the
  // threads. True when nothing had to be aborted. Blocks; not from one of the server's threads.
  bool shutdown(std::chrono::milliseconds limit);

 private:
  Server(ServerOptions options, service::ExecutionService& service);

  net::awaitable<void> accept_loop();
  void admit(tcp::socket socket);
  // There is no place for it.
  void turn_away(tcp::socket socket);
  void log(std::string_view line) const;

  const ServerOptions options_;
  service::ExecutionService& service_;
  Connections connections_;
  const std::shared_ptr<CompletionGate> gate_ = std::make_shared<CompletionGate>();
  const std::shared_ptr<ReplayStore> replays_;
  ClientLimits limits_;
  BrowserRules browser_;
  Renewables renewables_;
  // After everything that handlers refer to: destroying it destroys the last connections.
  net::io_context context_;
  tcp::acceptor acceptor_;
  std::size_t leaving_ = 0;  // turned away and not closed yet; on the acceptor's strand
  std::uint16_t port_ = 0;
  std::string address_;
  std::vector<std::thread> threads_;
};

}  // namespace cellblock::http
