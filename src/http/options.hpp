// What the operator sets of the HTTP side.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.hpp"
#include "http/client_limits.hpp"
#include "http/key_rules.hpp"
#include "http/renewable.hpp"
#include "http/replay_store.hpp"

namespace cellblock::http {

// One answer, for figures and the log. The texts live as long as the call.
struct Answered {
  std::string_view
      route;  // a path of the route table; kNoRoute for other paths and for what could not be read
  unsigned code = 0;
  // Why it was refused before the engine had it, in the contract's words; empty for all other answers.
  std::string_view reason{};
  std::string_view request_id{};
  std::string_view client{};  // its address
  std::string_view id{};      // of the execution that the answer is about, if it is about one
  bool replayed = false;      // it is that of an earlier request
};

inline constexpr std::string_view kNoRoute = "other";

// One request that is over, for the access log. The texts are the client's, and live as long as the call.
struct Served {
  std::string_view method{};
  std::string_view path{};  // without the query, and cut off where it is long
  unsigned code = 0;        // 0: the client left before there was an answer
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  double ms = 0;  // from its first byte to the last of the answer
  std::string_view client{};
  std::string_view request_id{};
};

struct ServerOptions {
  std::string host = "127.0.0.1";  // address or name
  std::uint16_t port = 8080;       // 0: any free one
  std::uint64_t max_body_bytes = 16ULL << 20U;
  std::uint32_t max_header_bytes = 16U << 10U;
  std::chrono::milliseconds header_timeout{30'000};  // for a whole header, from its first byte
  std::chrono::milliseconds idle_timeout{60'000};    // between two requests of one connection
  std::chrono::milliseconds heartbeat{5'000};        // of a streamed answer that has nothing to tell
  // How slowly a body may be sent and an answer taken, see Pace.
  std::chrono::milliseconds stall_timeout{20'000};
  std::uint64_t min_bytes_per_second = 16U << 10U;
  // What all bodies, jobs and answers together may take; empty: no bound.
  std::shared_ptr<base::ByteBudget> budget;
  ReplayLimits replays{};
  std::vector<std::string> hosts{};    // names that are served beside harmless ones, see browser_guard.hpp
  std::vector<std::string> origins{};  // whose pages may ask
  KeyRules keys{};
  std::shared_ptr<TlsContext> tls{};  // see tls.hpp; empty: plain HTTP
  ClientRules clients{};
  // Executions of one batch at once, which includes those whose answer waits for its turn.
  std::size_t batch_executions = 4;
  std::size_t max_connections = 2000;
  std::uint32_t max_requests = 0;  // on one connection; 0: any number
  unsigned threads = 2;
  // Gets a line for what no client can be told. Called from any of the threads; may be empty.
  std::function<void(std::string_view)> log;
  // Told of each answer before it is sent, of one in pieces when it is whole. Called from any of the threads;
  // may be empty.
  std::function<void(const Answered&)> answered{};
  // Told of each entry of a batch that was refused: it has an answer within that of the batch. Likewise.
  std::function<void(const Answered&)> entry_refused{};
  // Told of each request when it is over. Likewise.
  std::function<void(const Served&)> served{};
};

}  // namespace cellblock::http
