#include "http/server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <string>

#include "http/listener.hpp"
#include "http/peer.hpp"
#include "http/session.hpp"

namespace cellblock::http {
namespace {

// Out of descriptors or memory: accepting again at once would only burn a CPU.
constexpr std::chrono::milliseconds kAcceptPause{100};
// How long aborted connections get to notice it.
constexpr std::chrono::seconds kAbortLimit{2};

// How many connections may be open beyond the limit because others are just about to end.
constexpr std::size_t kGivingWay = 16;
// How many of those that found no place are kept for a moment, and for how long.
constexpr std::size_t kMostLeaving = 64;
constexpr std::chrono::milliseconds kTurnedAway{500};

constexpr unsigned kFullCode = 503;
constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nServer: cellblock\r\nContent-Type: application/json\r\n"
    "Retry-After: 1\r\nConnection: close\r\nContent-Length: 54\r\n\r\n"
    R"({"error":"Too many connections","status":"overloaded"})";

}  // namespace

Server::Server(ServerOptions options, service::ExecutionService& service)
    : options_(std::move(options)),
      service_(service),
      replays_(std::make_shared<ReplayStore>(options_.replays)),
      limits_(options_.clients),
      browser_{false, options_.hosts, options_.origins},
      renewables_{Renewable<const ApiKeys>(options_.keys.keys), Renewable<TlsContext>(options_.tls)},
      acceptor_(net::make_strand(context_)) {}

base::Result<std::unique_ptr<Server>> Server::bind(ServerOptions options, service::ExecutionService& service,
                                                   base::Fd listening) {
  std::unique_ptr<Server> server(new Server(std::move(options), service));
  const auto executor = server->acceptor_.get_executor();
  auto acceptor = listening.valid() ? adopt_listener(executor, std::move(listening))
                                    : open_listener(executor, server->options_.host, server->options_.port);
  if (!acceptor) return tl::make_unexpected(std::move(acceptor.error()));
  server->acceptor_ = std::move(*acceptor);
  error_code failed;
  const tcp::endpoint endpoint = server->acceptor_.local_endpoint(failed);
  server->port_ = endpoint.port();
  server->address_ = endpoint.address().to_string();
  server->browser_.loopback = endpoint.address().is_loopback();
  return server;
}

Server::~Server() {
  shutdown(std::chrono::milliseconds(0));
}

void Server::start() {
  net::co_spawn(
      acceptor_.get_executor(), [this] { return accept_loop(); },
      [this](const std::exception_ptr& failure) {
        if (failure) log("Accepting connections has failed");
      });
  for (unsigned i = 0; i < std::max(options_.threads, 1U); ++i) {
    threads_.emplace_back([this] {
      // Keeps the thread when there is nothing to do for a moment.
      const auto work = net::make_work_guard(context_);
      context_.run();
    });
  }
}

void Server::stop_accepting() {
  net::post(acceptor_.get_executor(), [this] {
    error_code ignored;
    acceptor_.close(ignored);
  });
  connections_.stop_all();
}

bool Server::shutdown(std::chrono::milliseconds limit) {
  if (threads_.empty()) {
    gate_->close();
    return true;
  }
  stop_accepting();
  const bool clean = connections_.wait_until_none(limit);
  if (!clean) {
    connections_.abort_all();
    if (!connections_.wait_until_none(kAbortLimit)) log("Connections were left at the end");
  }
  context_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  // The engine may still finish executions that nobody waits for; they must not reach the context.
  gate_->close();
  return clean;
}

net::awaitable<void> Server::accept_loop() {
  while (acceptor_.is_open()) {
    tcp::socket socket(net::any_io_executor(net::make_strand(context_)));
    error_code failed;
    co_await acceptor_.async_accept(socket, net::redirect_error(net::use_awaitable, failed));
    if (!acceptor_.is_open()) co_return;
    if (!failed) {
      admit(std::move(socket));
    } else if (failed != net::error::connection_aborted) {
      // Descriptors, most likely, and those of the idle can be spared.
      (void)connections_.make_room();
      log("Cannot accept a connection: " + failed.message());
      net::steady_timer pause(acceptor_.get_executor(), kAcceptPause);
      co_await pause.async_wait(net::redirect_error(net::use_awaitable, failed));
    }
  }
}

void Server::admit(tcp::socket socket) {
  set_close_on_exec(socket.native_handle());
  // Those that give way are counted until they have gone.
  const std::size_t most = options_.max_connections + kGivingWay;
  const std::size_t open = connections_.count();
  if (open >= most || (open >= options_.max_connections && !connections_.make_room())) {
    turn_away(std::move(socket));
    return;
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto session = std::make_shared<Session>(
      std::move(socket),
      SessionContext{options_, service_, connections_, gate_, replays_, limits_, browser_, renewables_});
  connections_.add(session);
  session->start();
}

void Server::turn_away(tcp::socket socket) {
  if (options_.answered) {
    const std::string client = address_of(socket);
    options_.answered({kNoRoute, kFullCode, "overloaded", {}, client});
  }
  // Fits into any socket buffer; whoever does not get it, as over TLS nobody does, sees the connection
  // close.
  if (!options_.tls)
    (void)::send(socket.native_handle(), kFull.data(), kFull.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (leaving_ >= kMostLeaving) return;
  // Closed at once, with the request unread, the connection would be reset, and that can overtake the answer.
  ++leaving_;
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  auto timer = std::make_shared<net::steady_timer>(acceptor_.get_executor(), kTurnedAway);
  timer->async_wait([this, timer, socket = std::move(socket)](const error_code&) { --leaving_; });
}

void Server::log(std::string_view line) const {
  if (options_.log) options_.log(line);
}

}  // namespace cellblock::http
