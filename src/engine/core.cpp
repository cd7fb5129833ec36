#include "engine/core.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

namespace cellblock::engine {
namespace {

// How often a job is given to another cell because the one it got was dead already.
constexpr int kMaxAttempts = 3;
EngineOptions at_least_one(EngineOptions options) {
  options.max_running = std::max(options.max_running, 1U);
  if (options.pool_sizes.empty()) options.pool_sizes.push_back(1);
  for (std::uint32_t& size : options.pool_sizes) size = std::max(size, 1U);
  return options;
}

}  // namespace

Core::Core(boost::asio::io_context& context, Backend& backend, EngineOptions options, Events events)
    : context_(context),
      backend_(backend),
      options_(at_least_one(std::move(options))),
      max_queued_(options_.max_queued),
      events_(std::move(events)),
      waiting_(options_.pool_sizes.size()),
      retired_(context),
      starvation_timer_(context),
      idle_timer_(context),
      drain_timer_(context) {
  for (std::size_t pool = 0; pool < options_.pool_sizes.size(); ++pool) {
    const auto warming =
        pool < options_.first_warmed_pool ? Stock::Warming::kNone : Stock::Warming::kWhenIdle;
    stocks_.emplace_back(context, backend, pool, warming, [this] { serve(); });
  }
  backend.on_renewed([this](std::size_t pool) {
    if (pool < stocks_.size()) stocks_[pool].renew();
  });
}

void Core::start() {
  serve();
}

void Core::submit(Ticket ticket, Job job, Completion done, Listener listener) {
  if (draining_) return done(shutting_down());
  const std::string caller = job.caller;
  waiting_.add(ticket, Task{std::move(job), std::move(done), Clock::now(), std::move(listener)});
  serve();
  // Asked after serving: a job that finds a ready cell needs no place in the queue.
  if (waiting_.size() <= max_queued_) return;
  if (auto refused = waiting_.take_excess(ticket, caller)) {
    refused->second.done(overloaded(
        "Too many executions are waiting (limit " + std::to_string(max_queued_) + ")", when_to_retry()));
    publish();
  }
}

void Core::resume(Ticket ticket) {
  const auto found = running_.find(ticket);
  if (found != running_.end()) found->second.cell->resume();
}

void Core::cancel(Ticket ticket) {
  if (auto task = waiting_.take(ticket)) {
    task->second.done(cancelled());
    serve();
    stop_if_drained();
    return;
  }
  end(ticket, EndReason::kCancelled);
}

void Core::drain(Clock::time_point until) {
  if (stopping_ || (draining_ && until >= drain_until_)) return;
  draining_ = true;
  drain_until_ = until;
  drain_timer_.expires_at(until);
  drain_timer_.async_wait([this](const boost::system::error_code& code) {
    if (!code) end_all();
  });
  serve();
  stop_if_drained();
}

void Core::serve() {
  while (running_.size() < options_.max_running) {
    auto next = waiting_.take_next([this](std::size_t pool) { return stock_for(pool) != nullptr; });
    if (!next) break;
    Stock& stock = *stock_for(std::min(next->second.job.pool, stocks_.size() - 1));
    run(next->first, std::move(next->second), stock.take());
  }
  const std::size_t free = options_.max_running - running_.size();
  for (std::size_t pool = 0; pool < stocks_.size(); ++pool) {
    const std::size_t needed_now = std::min(waiting_.size(pool), free);
    const bool others_wait = waiting_.size() > waiting_.size(pool);
    stocks_[pool].want(needed_now, draining_ ? 0 : options_.pool_sizes[pool],
                       {.waiting = others_wait, .running = !running_.empty()});
  }
  watch_starvation();
  watch_idleness();
  publish();
}

Stock* Core::stock_for(std::size_t pool) {
  if (stocks_[pool].ready() > 0) return &stocks_[pool];
  for (std::size_t larger = pool + 1; larger < stocks_.size(); ++larger) {
    if (stocks_[larger].has_plenty()) return &stocks_[larger];
  }
  return nullptr;
}

void Core::run(Ticket ticket, Task task, std::unique_ptr<Cell> cell) {
  ++task.attempts;
  Running& running = running_.try_emplace(ticket, std::move(task), std::move(cell), context_).first->second;
  running.timer.expires_after(running.task.job.limits.wall);
  running.timer.async_wait([this, ticket](const boost::system::error_code& code) {
    if (!code) end(ticket, EndReason::kTimeout);
  });
  if (running.task.listener) {
    // Whatever it answers: nothing of the script is read yet.
    static_cast<void>(running.task.listener({}));
    running.cell->listen(running.task.listener);
  }
  running.cell->run(running.task.job,
                    [this, ticket](Report report) { on_report(ticket, std::move(report)); });
}

void Core::end(Ticket ticket, EndReason reason) {
  const auto found = running_.find(ticket);
  if (found == running_.end() || found->second.reason != EndReason::kNone) return;
  Running& running = found->second;
  running.reason = reason;
  running.timer.expires_after(options_.report_wait);
  running.timer.async_wait([this, ticket](const boost::system::error_code& code) {
    if (!code) on_report(ticket, Report{});
  });
  running.cell->end();
}

void Core::on_report(Ticket ticket, Report report) {
  auto node = running_.extract(ticket);
  if (node.empty()) return;  // given up before it came
  Running& running = node.mapped();
  retired_.add(std::move(running.cell),
               waiting_.empty() ? RetiredCells::Hurry::kNone : RetiredCells::Hurry::kJobsWait);

  if (report.unstarted && running.reason == EndReason::kNone && running.task.attempts < kMaxAttempts) {
    waiting_.add(ticket, std::move(running.task));
    serve();
    return;
  }
  const std::chrono::duration<double, std::milli> took = Clock::now() - running.started;
  mean_run_.add(took);
  if (report.usage.wall_ms <= 0) report.usage.wall_ms = took.count();
  Outcome outcome = judge(running.task.job.limits, std::move(report), running.reason);
  outcome.queue_ms = std::chrono::duration<double, std::milli>(running.started - running.task.since).count();
  if (outcome.status == Status::kOverloaded && outcome.retry_after.count() == 0) {
    outcome.retry_after = when_to_retry();
  }
  running.task.done(std::move(outcome));
  serve();
  stop_if_drained();
}

void Core::refuse_oldest(Outcome outcome) {
  waiting_.take_oldest([](std::size_t) { return true; })->second.done(std::move(outcome));
}

void Core::end_all() {
  while (!waiting_.empty()) refuse_oldest(shutting_down());
  for (auto& [ticket, running] : running_) end(ticket, EndReason::kShutdown);
  serve();
  stop_if_drained();
}

void Core::stop_if_drained() {
  if (!draining_ || stopping_ || !waiting_.empty() || !running_.empty()) return;
  stopping_ = true;
  // Posted, because a callback of a cell or of the backend may be on the stack.
  boost::asio::post(context_, [this] {
    drain_timer_.cancel();
    starvation_timer_.cancel();
    retired_.clear();
    for (Stock& stock : stocks_) stock.close();
    backend_.stop();
    publish();
    events_.stopped();
  });
}

bool Core::able() const {
  return std::all_of(stocks_.begin(), stocks_.end(), [](const Stock& stock) { return stock.able(); });
}

void Core::publish() {
  Snapshot now;
  for (const Stock& stock : stocks_) {
    now.ready_of.push_back(static_cast<std::uint32_t>(stock.ready()));
    now.ready += now.ready_of.back();
    if (now.last_error.empty()) now.last_error = stock.last_error();
  }
  now.running = static_cast<std::uint32_t>(running_.size());
  now.queued = static_cast<std::uint32_t>(waiting_.size());
  now.able = able();
  now.draining = draining_;
  now.retry_after = when_to_retry();
  events_.changed(std::move(now));
}

std::chrono::seconds Core::when_to_retry() const {
  return retry_after(waiting_.size() + 1, mean_run_.value(), options_.max_running);
}

}  // namespace cellblock::engine
