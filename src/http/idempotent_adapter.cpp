#include "http/idempotent_adapter.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "http/execute_adapter.hpp"
#include "http/submission.hpp"

namespace cellblock::http {
namespace {

constexpr std::size_t kLongestKey = 255;

engine::Outcome wrong_key() {
  engine::Outcome outcome;
  outcome.status = engine::Status::kInvalidRequest;
  outcome.error = "Idempotency-Key must be given once, with 1 to 255 visible ASCII characters";
  return outcome;
}

Reply conflict() {
  return error_reply(bhttp::status::unprocessable_entity,
                     "This Idempotency-Key was used for another request; use a new key for a new request",
                     "idempotency_conflict");
}

Reply given_again(const Reply& answer, bool first) {
  Reply reply = answer;
  if (first) return reply;
  reply.headers.emplace_back("Idempotency-Replayed", "true");
  reply.replayed = true;
  reply.ended.reset();
  return reply;
}

}  // namespace

bool is_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= kLongestKey &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

net::awaitable<Reply> execute_once(Exchange& exchange, const std::string& id) {
  const std::string key(as_view(exchange.request[kIdempotencyKey.data()]));
  if (exchange.request.count(kIdempotencyKey.data()) > 1 || !is_idempotency_key(key)) {
    co_return refused_reply(wrong_key(), id);
  }
  std::string body = std::move(exchange.request.body());
  const auto pending = std::make_shared<PendingExecution>(exchange.client.get_executor(), exchange.gate);
  const std::shared_ptr<ReplayStore> store = exchange.replays;
  // One caller can't meet another's keys, nor learn which there are.
  const auto joined = store->join(
      exchange.origin.caller + '\0' + key, sha256(body),
      [wake = pending->completion()] { wake(engine::Outcome{}); }, ReplayStore::Clock::now(), id);
  if (joined.part == ReplayStore::Part::kConflict) co_return conflict();
  const bool first = joined.part == ReplayStore::Part::kRun;
  // Whoever of those who wait comes first makes the answer for all.
  bool turned_away = false;
  const auto convert = [&joined, &turned_away](engine::Outcome&& outcome) {
    const bool refused = turned_away || !may_run(outcome.status);
    return refused ? refused_reply(outcome, joined.id) : reply_for(outcome, joined.id);
  };
  if (first) {
    const auto entry = joined.entry;
    const auto ticket = submit(
        exchange.service, exchange.memory, std::move(body), id,
        [store, entry](engine::Outcome outcome) { store->finish(entry, std::move(outcome)); },
        exchange.origin);
    // Others may have begun to wait for what is refused here.
    if (ticket) {
      store->started(entry, *ticket);
    } else {
      turned_away = true;
      store->finish(entry, ticket.error());
    }
  }
  body = {};
  exchange.memory.reset();
  if (joined.part == ReplayStore::Part::kReplay)
    co_return given_again(*store->settle(joined.entry, convert), false);
  const auto woken = co_await pending->wait(exchange.client, exchange.may_provoke);
  if (woken) co_return given_again(*store->settle(joined.entry, convert), first);
  if (const auto ticket = store->leave(joined.entry, joined.seat, convert)) exchange.service.cancel(*ticket);
  Reply nothing;
  nothing.nobody_reads = true;
  co_return nothing;
}

}  // namespace cellblock::http
