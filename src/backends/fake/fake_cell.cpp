#include "backends/fake/fake_cell.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

namespace cellblock::fake {

FakeCell::FakeCell(std::shared_ptr<FakeHouse> house, std::size_t pool)
    : house_(std::move(house)), pool_(pool), timer_(*house_->context) {
  house_->cells.push_back(this);
  house_->control->note([](Record& record) {
    ++record.made;
    ++record.idle;
    record.most_alive = std::max(record.most_alive, ++record.alive);
  });
}

FakeCell::~FakeCell() {
  auto& cells = house_->cells;
  cells.erase(std::remove(cells.begin(), cells.end(), this), cells.end());
  house_->control->note([was_idle = !ran_](Record& record) {
    --record.alive;
    if (was_idle) --record.idle;
  });
}

void FakeCell::run(const engine::Job& job, std::function<void(engine::Report)> done) {
  ran_ = true;
  house_->control->note([&job, pool = pool_](Record& record) {
    record.started_jobs.push_back(job.id);
    record.pools.push_back(pool);
    --record.idle;
  });
  done_ = std::move(done);
  behaviour_ = house_->options.script(job);
  if (listener_) tell_soon();
  if (behaviour_.hangs || behaviour_.deaf) return;
  if (behaviour_.after.count() == 0) return report_soon();
  timer_.expires_after(behaviour_.after);
  timer_.async_wait([this, life = std::weak_ptr(life_)](const boost::system::error_code& code) {
    if (!code && !life.expired()) report();
  });
}

void FakeCell::end() {
  if (behaviour_.deaf) return;
  timer_.cancel();
  // The claim had not come yet when the run was ended.
  if (behaviour_.after.count() != 0) behaviour_.report.claim.reset();
  report_soon();
}

void FakeCell::die() {
  dead_ = true;
  if (lost_) lost_();
}

void FakeCell::tell_soon() {
  boost::asio::post(*house_->context, [this, life = std::weak_ptr(life_)] {
    using Kind = engine::LiveEvent::Kind;
    if (life.expired()) return;
    const engine::Report& report = behaviour_.report;
    if (!report.stdout_text.empty()) static_cast<void>(listener_({Kind::kStdout, report.stdout_text, {}}));
    if (!report.stderr_text.empty()) static_cast<void>(listener_({Kind::kStderr, report.stderr_text, {}}));
  });
}

void FakeCell::report_soon() {
  boost::asio::post(*house_->context, [this, life = std::weak_ptr(life_)] {
    if (!life.expired()) report();
  });
}

void FakeCell::report() {
  // A report can be under way already when end() asks for one.
  if (auto done = std::exchange(done_, nullptr)) done(std::move(behaviour_.report));
}

}  // namespace cellblock::fake
