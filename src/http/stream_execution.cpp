#include "http/stream_execution.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "http/execute_adapter.hpp"
#include "http/peer.hpp"
#include "http/trace_context.hpp"

namespace cellblock::http {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// How often the client is looked at, as long as nothing else happens.
constexpr milliseconds kLookInterval{150};
// A client that will send nothing more may have gone: only what is sent to it can tell.
constexpr milliseconds kProvokeInterval{1000};
// What the kernel takes of a stream that nobody reads; its own bound is megabytes.
constexpr int kSendBuffer = 128 << 10;

Reply nobody() {
  Reply reply;
  reply.nobody_reads = true;
  return reply;
}

class Streaming {
 public:
  Streaming(Exchange& exchange, StreamForm form, std::string_view id)
      : exchange_(exchange), form_(form), trace_(trace_response(exchange.origin, id)) {}

  // False when the stream can't go on: the client is gone, or there is no memory.
  net::awaitable<bool> pass_on(LiveFeed::Taken taken) {
    std::string text;
    for (const engine::LiveEvent& event : taken.events) append_event(text, form_, event);
    taken.events.clear();
    if (text.empty() && begun()) co_return true;
    co_return co_await send(std::move(text));
  }

  // When nothing has been sent for a while.
  net::awaitable<bool> keep_alive(milliseconds interval) {
    if (!begun() || Clock::now() - last_ < interval) co_return true;
    std::string text;
    append_heartbeat(text, form_);
    co_return co_await send(std::move(text));
  }

  net::awaitable<bool> finish(const Reply& reply) {
    if (!co_await send(result_event(form_, reply))) co_return false;
    const error_code failed = co_await exchange_.stream.end();
    co_return !failed;
  }

  [[nodiscard]] bool begun() const { return exchange_.stream.begun(); }

 private:
  net::awaitable<bool> send(std::string text) {
    last_ = Clock::now();
    if (!begun()) {
      error_code ignored;
      exchange_.client.set_option(net::socket_base::send_buffer_size(kSendBuffer), ignored);
      exchange_.client.set_option(tcp::no_delay(true), ignored);
      Reply head;
      head.content_type = stream_content_type(form_);
      head.headers.emplace_back(kTraceResponse, trace_);
      const error_code failed = co_await exchange_.stream.begin(std::move(head));
      if (failed) co_return false;
    }
    const error_code failed = co_await exchange_.stream.write(std::move(text));
    last_ = Clock::now();
    co_return !failed;
  }

  Exchange& exchange_;
  const StreamForm form_;
  const std::string trace_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace

engine::Listener listener_of(std::shared_ptr<LiveFeed> feed, PendingExecution& pending) {
  return [feed = std::move(feed), wake = pending.waker()](engine::LiveEvent event) {
    const LiveFeed::Pushed pushed = feed->push(std::move(event));
    if (pushed.wake) wake();
    return pushed.more;
  };
}

net::awaitable<Reply> stream_execution(Exchange& exchange, StreamForm form, engine::Ticket ticket,
                                       LiveFeed& feed, PendingExecution& pending, std::string_view id) {
  Streaming streaming(exchange, form, id);
  bool goes_on = true;
  bool no_room = false;
  while (goes_on) {
    // Before the feed is emptied: once the outcome is there nothing more comes.
    const bool over = pending.over();
    LiveFeed::Taken taken = feed.take();
    const bool resting = taken.resting;
    no_room = taken.no_room;
    // Refused before it ran: an answer like any other.
    if (over && !taken.started) break;
    if (taken.started) goes_on = co_await streaming.pass_on(std::move(taken));
    if (resting) exchange.service.resume(ticket);
    if (over || no_room || !goes_on) break;
    milliseconds pause = kLookInterval;
    if (!streaming.begun()) {
      const auto next = pending.look(exchange.client, exchange.may_provoke);
      goes_on = next.has_value();
      pause = next.value_or(pause);
    } else {
      const Peer peer = look_at_peer(exchange.client);
      const milliseconds heartbeat = exchange.options.heartbeat;
      goes_on = peer != Peer::kGone &&
                co_await streaming.keep_alive(
                    peer == Peer::kHalfClosed ? std::min(heartbeat, kProvokeInterval) : heartbeat);
    }
    if (goes_on) co_await pending.pause(pause);
  }
  if (!goes_on) {
    exchange.service.cancel(ticket);
    co_return nobody();
  }
  Reply reply;
  if (no_room) {
    exchange.service.cancel(ticket);
    reply = busy_reply("No memory is left for an answer of this size", exchange.service.retry_after());
  } else {
    engine::Outcome outcome = pending.take();
    exchange.memory.reset();
    reply = reply_for(outcome, id);
    reply.memory = std::move(outcome.memory);
  }
  if (!streaming.begun()) co_return reply;
  // The envelope is there twice for a moment.
  if (reply.memory && !reply.memory->resize(2 * reply.body.capacity())) {
    reply = busy_reply("No memory is left for an answer of this size", exchange.service.retry_after());
  }
  if (!co_await streaming.finish(reply)) co_return nobody();
  co_return Reply();
}

}  // namespace cellblock::http
