// A real connection over a socket pair, with a service whose cells only pretend. Whatever comes in, the
// connection ends when the client does, and all that goes out is HTTP with JSON in it.
//
// Input: the first byte is the size of the pieces in which the rest arrives.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "backends/fake/fake_backend.hpp"
#include "base/fd.hpp"
#include "http/session.hpp"
#include "protocol/json_check.hpp"

namespace {

using namespace cellblock;

void must(bool holds) {
  if (!holds) std::abort();
}

// Any job is answered at once.
fake::Behaviour echo(const engine::Job& job) {
  fake::Behaviour behaviour;
  behaviour.report.claim = engine::Claim{engine::Status::kOk, job.args_json, {}, {}};
  return behaviour;
}

class Edge {
 public:
  Edge() {
    options_.max_body_bytes = 20'000;
    options_.max_header_bytes = 2'000;
    options_.budget = std::make_shared<base::ByteBudget>(100'000);
    while (!service_.health().ready) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  // What comes out when these bytes come in and then the end.
  std::string converse(std::string_view bytes, std::size_t piece) {
    auto pair = base::make_socketpair(SOCK_STREAM | SOCK_NONBLOCK).value();
    client_ = std::move(pair.first);
    received_.clear();
    open(pair.second.release());
    while (!bytes.empty() && connections_.count() > 0) {
      const ssize_t sent = ::send(client_.get(), bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) break;
      turn(sent < 0);
    }
    ::shutdown(client_.get(), SHUT_WR);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (connections_.count() > 0) {
      turn(true);
      must(std::chrono::steady_clock::now() < until);
    }
    turn(false);
    must(options_.budget->used() == 0 || service_.health().pool.running > 0);
    return std::move(received_);
  }

 private:
  void open(int fd) {
    http::tcp::socket socket{http::net::any_io_executor(http::net::make_strand(context_))};
    socket.assign(http::tcp::v4(), fd);
    const auto session = std::make_shared<http::Session>(
        std::move(socket), http::SessionContext{options_, service_, connections_, gate_, replays_, limits_,
                                                browser_, renewables_});
    connections_.add(session);
    session->start();
  }
  // Lets the server do what it can; waits for the cells, which are on another thread, where it must.
  void turn(bool wait) {
    context_.restart();
    if (wait) {
      context_.run_one_for(std::chrono::milliseconds(1));
    } else {
      context_.poll();
    }
    std::array<char, 4096> bytes{};
    for (ssize_t count = 0; (count = ::recv(client_.get(), bytes.data(), bytes.size(), 0)) > 0;) {
      received_.append(bytes.data(), static_cast<std::size_t>(count));
    }
  }

  http::ServerOptions options_;
  std::shared_ptr<http::ReplayStore> replays_ = std::make_shared<http::ReplayStore>(options_.replays);
  http::ClientLimits limits_{{}};
  http::BrowserRules browser_{};
  http::Renewables renewables_;
  engine::Engine engine_{engine::EngineOptions{4, 8, {4}}, std::make_unique<fake::FakeBackend>(fake::Options{
                                                               std::chrono::milliseconds(0), echo})};
  service::ExecutionService service_{service::ServiceSettings{{}, {}, "1", {"full", {}}, "3", {}}, engine_};
  http::Connections connections_;
  std::shared_ptr<http::CompletionGate> gate_ = std::make_shared<http::CompletionGate>();
  http::net::io_context context_;
  base::Fd client_;
  std::string received_;
};

// Every line of a stream, in either form, has JSON in it or is part of the form; the last event is the
// result.
void check_stream(std::string_view body) {
  std::string_view last;
  must(body.ends_with("\n"));
  while (!body.empty()) {
    std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(line.size() + 1);
    if (line.empty() || line.starts_with("event: ") || line == ": heartbeat") continue;
    if (line.starts_with("data: ")) line.remove_prefix(6);
    must(protocol::check_json(line, 300).has_value());
    last = line;
  }
  must(last.find("\"http_status\":") != std::string_view::npos);
}

// Takes the chunks of a body off the text: what was in them; nothing when the client has left before the
// last.
std::optional<std::string> take_chunks(std::string_view& text) {
  std::string body;
  while (!text.empty()) {
    const auto line = text.find("\r\n");
    must(line != std::string_view::npos);
    const auto size =
        static_cast<std::size_t>(std::strtoull(std::string(text.substr(0, line)).c_str(), nullptr, 16));
    text.remove_prefix(line + 2);
    const std::string_view chunk = text.substr(0, size);
    body.append(chunk);
    const bool whole = text.size() >= size + 2;
    text.remove_prefix(std::min(size + 2, text.size()));
    if (size == 0) return body;
    if (!whole) break;
  }
  return std::nullopt;
}

// Takes one answer off the text, which must have one. `head`: a body may be missing.
void take_answer(std::string_view& text, bool head) {
  must(text.starts_with("HTTP/1.1 ") || text.starts_with("HTTP/1.0 "));
  const auto end = text.find("\r\n\r\n");
  must(end != std::string_view::npos);
  const std::string_view header = text.substr(0, end);
  text.remove_prefix(end + 4);
  if (header.starts_with("HTTP/1.1 100 ")) return;
  const bool in_chunks = header.find("\r\nTransfer-Encoding: chunked") != std::string_view::npos;
  // Without a length, an answer in parts goes on up to the end for an HTTP/1.0 client.
  if (in_chunks || header.find("\r\nX-Accel-Buffering: no") != std::string_view::npos) {
    const auto body = in_chunks ? take_chunks(text) : std::optional<std::string>(text);
    // The lines of a batch are not a stream's.
    if (body && body->find("{\"index\":") == std::string::npos) check_stream(*body);
    if (in_chunks) return;
    text = {};
    return;
  }
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const auto found = header.find(kLength);
  must(found != std::string_view::npos);
  const auto length = static_cast<std::size_t>(std::atol(header.data() + found + kLength.size()));
  if (head && (text.size() < length || text.starts_with("HTTP/"))) return;
  const bool json = header.find("\r\nContent-Type: application/json") != std::string_view::npos;
  must(text.size() >= length && (!json || protocol::check_json(text.substr(0, length), 300).has_value()));
  text.remove_prefix(length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Edge edge;  // its threads are too dear for every input
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string out = edge.converse(bytes, data[0] == 0 ? size : data[0]);
  const bool head = bytes.find("HEAD") != std::string_view::npos;
  for (std::string_view rest = out; !rest.empty();) take_answer(rest, head);
  return 0;
}
