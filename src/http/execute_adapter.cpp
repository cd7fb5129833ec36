#include "http/execute_adapter.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "http/idempotent_adapter.hpp"
#include "http/request_id.hpp"
#include "http/stream_execution.hpp"
#include "http/submission.hpp"
#include "http/trace_context.hpp"
#include "service/envelope.hpp"

namespace cellblock::http {
namespace {

bhttp::status http_status(engine::Status status) {
  switch (status) {
    case engine::Status::kOk:
      return bhttp::status::ok;
    case engine::Status::kOverloaded:
    case engine::Status::kCancelled:
      return bhttp::status::service_unavailable;
    case engine::Status::kInternalError:
      return bhttp::status::internal_server_error;
    default:
      return bhttp::status::bad_request;
  }
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// All Accept fields as one.
std::string accepted_by(const Request& request) {
  std::string accepted;
  const auto fields = request.equal_range(bhttp::field::accept);
  for (auto field = fields.first; field != fields.second; ++field) {
    accepted.append(accepted.empty() ? "" : ",").append(as_view(field->value()));
  }
  return accepted;
}

std::string lower(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return copy;
}

// The parameter `charset` of a media type, in lower case and without quotes; empty when there is none.
std::string charset_of(std::string_view type) {
  for (std::size_t from = type.find(';'); from != std::string_view::npos; from = type.find(';', from + 1)) {
    const std::string_view rest = type.substr(from + 1);
    const std::string one = lower(trimmed(rest.substr(0, rest.find(';'))));
    if (!one.starts_with("charset=")) continue;
    std::string_view value = trimmed(std::string_view(one).substr(8));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

engine::Outcome invalid(std::string error) {
  engine::Outcome outcome;
  outcome.status = engine::Status::kInvalidRequest;
  outcome.error = std::move(error);
  return outcome;
}

// In the syntax of W3C Server-Timing: milliseconds.
std::string server_timing(const Timing& timing, double total_ms) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), "queue;dur=%.3f, run;dur=%.3f, total;dur=%.3f", timing.queue_ms,
                timing.run_ms, total_ms);
  return text.data();
}

}  // namespace

bool may_run(engine::Status status) {
  return status != engine::Status::kInvalidRequest && status != engine::Status::kScriptTooLarge;
}

Reply refused_reply(const engine::Outcome& outcome, std::string_view id) {
  Reply reply = reply_for(outcome, id);
  reply.reason = engine::status_name(outcome.status);
  return reply;
}

bool is_json_content_type(std::string_view value) {
  const std::string type = lower(trimmed(value.substr(0, value.find(';'))));
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

std::string fault_of_content(const Request& request) {
  const std::string_view type = as_view(request[bhttp::field::content_type]);
  if (!is_json_content_type(type)) return "Content-Type must be application/json";
  const std::string charset = charset_of(type);
  if (!charset.empty() && charset != "utf-8" && charset != "utf8" && charset != "us-ascii") {
    return "The charset of Content-Type must be utf-8, which JSON is in";
  }
  const std::string coding = lower(trimmed(as_view(request[bhttp::field::content_encoding])));
  if (!coding.empty() && coding != "identity")
    return "Content-Encoding must be identity: send the body as it is";
  return {};
}

Reply reply_for(const engine::Outcome& outcome, std::string_view id) {
  // An execution that is ended while its client still listens was ended by the service's shutdown.
  if (outcome.status == engine::Status::kCancelled) {
    engine::Outcome ended;
    ended.status = engine::Status::kOverloaded;
    ended.error = "The service is shutting down";
    ended.retry_after = outcome.retry_after;
    return reply_for(ended, id);
  }
  Reply reply;
  reply.status = http_status(outcome.status);
  reply.body = service::envelope_json(outcome, id);
  reply.id = id;
  if (may_run(outcome.status)) reply.ended = Timing{outcome.queue_ms, outcome.usage.wall_ms};
  if (outcome.status == engine::Status::kOverloaded) {
    reply.retry_after = std::max(outcome.retry_after, std::chrono::seconds(1));
  }
  return reply;
}

namespace {

net::awaitable<Reply> run_once(Exchange& exchange, const std::string& id) {
  if (std::string fault = fault_of_content(exchange.request); !fault.empty()) {
    co_return refused_reply(invalid(std::move(fault)), id);
  }
  const StreamForm form = wanted_form(accepted_by(exchange.request));
  if (has_idempotency_key(exchange.request)) {
    // What a first client has streamed can't be had again, and half of it would be no answer.
    if (form == StreamForm::kNone) co_return co_await execute_once(exchange, id);
    co_return refused_reply(
        invalid("Header 'Idempotency-Key' goes with a plain answer only: leave the key or the "
                "streaming 'Accept' out"),
        id);
  }
  const auto pending = std::make_shared<PendingExecution>(exchange.client.get_executor(), exchange.gate);
  const auto feed = form == StreamForm::kNone ? nullptr : std::make_shared<LiveFeed>(exchange.options.budget);
  const auto ticket =
      submit(exchange.service, exchange.memory, std::move(exchange.request.body()), id, pending->completion(),
             exchange.origin, feed ? listener_of(feed, *pending) : engine::Listener());
  if (!ticket) co_return refused_reply(ticket.error(), id);
  if (feed) co_return co_await stream_execution(exchange, form, *ticket, *feed, *pending, id);
  std::optional<engine::Outcome> outcome = co_await pending->wait(exchange.client, exchange.may_provoke);
  if (!outcome) {
    exchange.service.cancel(*ticket);
    Reply nothing;
    nothing.nobody_reads = true;
    co_return nothing;
  }
  exchange.memory.reset();
  Reply reply = reply_for(*outcome, id);
  reply.memory = std::move(outcome->memory);
  co_return reply;
}

}  // namespace

net::awaitable<Reply> execute(Exchange& exchange) {
  const std::string id = random_id();
  Reply reply = co_await run_once(exchange, id);
  if (reply.ended) {
    const std::chrono::duration<double, std::milli> total = Clock::now() - exchange.since;
    reply.headers.emplace_back("Server-Timing", server_timing(*reply.ended, total.count()));
    reply.headers.emplace_back(kTraceResponse, trace_response(exchange.origin, id));
  }
  co_return reply;
}

}  // namespace cellblock::http
