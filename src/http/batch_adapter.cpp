#include "http/batch_adapter.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/execute_adapter.hpp"
#include "http/idempotent_adapter.hpp"
#include "http/request_id.hpp"
#include "http/submission.hpp"
#include "service/batch_request.hpp"
#include "service/execute_request.hpp"

namespace cellblock::http {
namespace {

// A chunk with a space, which may stand in front of a line: how a client that has closed its sending half is
// asked whether it is there.
constexpr std::string_view kBlankChunk = "1\r\n \r\n";
constexpr std::string_view kBatchRoute = "/batch";

Reply refusal(std::string_view error) {
  return error_reply(bhttp::status::bad_request, error, "invalid_request");
}

// One entry under way, or its answer if it was refused.
struct Begun {
  std::string id;
  std::shared_ptr<PendingExecution> pending;
  tl::expected<engine::Ticket, Reply> ticket;
  ClientLimits::Place place{};
};

// An entry leaves as much behind as a request that is refused.
void tell(const Exchange& exchange, const Reply& refused) {
  if (!exchange.options.entry_refused) return;
  exchange.options.entry_refused({kBatchRoute, static_cast<unsigned>(refused.status), refused.reason,
                                  exchange.origin.request_id, exchange.origin.client, refused.id});
}

Begun begin(Exchange& exchange, std::string request) {
  auto place = exchange.limits.enter(exchange.client_name);
  if (!place) {
    tell(exchange, place.error());
    return {{}, {}, tl::make_unexpected(std::move(place.error()))};
  }
  const auto memory = std::make_shared<base::Lease>(exchange.options.budget, base::ByteBudget::Use::kRequest);
  auto pending = std::make_shared<PendingExecution>(exchange.client.get_executor(), exchange.gate);
  std::string id = random_id();
  auto ticket =
      submit(exchange.service, memory, std::move(request), id, pending->completion(), exchange.origin);
  if (!ticket) {
    Reply refused = refused_reply(ticket.error(), id);
    tell(exchange, refused);
    return {std::move(id), {}, tl::make_unexpected(std::move(refused)), std::move(*place)};
  }
  return {std::move(id), std::move(pending), *ticket, std::move(*place)};
}

void cancel(Exchange& exchange, const Begun& begun) {
  if (begun.ticket) exchange.service.cancel(*begun.ticket);
}

// The entries of a body that is taken apart, or why it can't be.
tl::expected<std::vector<std::string>, Reply> entries_of(Exchange& exchange) {
  if (const std::string fault = fault_of_content(exchange.request); !fault.empty()) {
    return tl::make_unexpected(refusal(fault));
  }
  if (has_idempotency_key(exchange.request)) {
    return tl::make_unexpected(refusal("Idempotency-Key is for /execute, not for /batch"));
  }
  const std::string body = std::move(exchange.request.body());
  if (body.size() > base::Lease::kFreeBytes &&
      !exchange.memory->resize(body.size() * service::kParseFactor)) {
    return tl::make_unexpected(
        busy_reply("No memory is left for a request of this size", exchange.service.retry_after()));
  }
  auto entries = service::parse_batch_request(body);
  static_cast<void>(exchange.memory->resize(body.size()));
  if (!entries) return tl::make_unexpected(refusal(entries.error().message));
  return std::move(*entries);
}

// The line of an entry, on the account of its answer. False: the client is gone.
net::awaitable<bool> send_line(Exchange& exchange, std::size_t index, const Begun& begun) {
  Reply reply;
  std::shared_ptr<base::Lease> memory;
  if (begun.ticket) {
    auto outcome = co_await begun.pending->wait(exchange.client, exchange.may_provoke, kBlankChunk);
    if (!outcome) co_return false;
    memory = std::move(outcome->memory);
    reply = reply_for(*outcome, begun.id);
  } else {
    reply = begun.ticket.error();
  }
  if (!memory) {
    memory = std::make_shared<base::Lease>(exchange.options.budget, base::ByteBudget::Use::kAnswer);
  }
  std::string line = batch_line(index, std::move(reply));
  if (!memory->resize(line.capacity())) {
    line = batch_line(
        index, busy_reply("No memory is left for an answer of this size", exchange.service.retry_after()));
  }
  const error_code failed = co_await exchange.stream.write(std::move(line));
  co_return !failed;
}

// No more than the client may have at once anyway.
std::size_t places_of(const Exchange& exchange) {
  const std::size_t of_client = exchange.limits.rules().at_once;
  const std::size_t places = exchange.options.batch_executions;
  return std::max<std::size_t>(of_client == 0 ? places : std::min(places, of_client), 1);
}

}  // namespace

std::string batch_line(std::size_t index, Reply reply) {
  std::string head = "{\"index\":" + std::to_string(index) +
                     ",\"http\":" + std::to_string(static_cast<unsigned>(reply.status));
  if (reply.retry_after.count() > 0) head += ",\"retry_after\":" + std::to_string(reply.retry_after.count());
  std::string line = std::move(reply.body);
  line.insert(0, head.append(",\"answer\":"));
  return line.append("}\n");
}

net::awaitable<Reply> batch(Exchange& exchange) {
  auto entries = entries_of(exchange);
  if (!entries) co_return std::move(entries.error());
  Reply head;
  head.content_type = "application/x-ndjson";
  const error_code unreachable = co_await exchange.stream.begin(std::move(head));
  bool there = !unreachable;
  std::deque<Begun> begun;
  std::size_t next = 0;
  const std::size_t places = places_of(exchange);
  for (std::size_t index = 0; there && index < entries->size(); ++index) {
    while (next < entries->size() && begun.size() < places) {
      begun.push_back(begin(exchange, std::move((*entries)[next])));
      ++next;
    }
    there = co_await send_line(exchange, index, begun.front());
    if (there) begun.pop_front();
  }
  if (there) {
    const error_code failed = co_await exchange.stream.end();
    there = !failed;
  }
  for (const Begun& left : begun) cancel(exchange, left);
  Reply done;
  done.nobody_reads = !there;
  co_return done;
}

}  // namespace cellblock::http
