#include "engine/stock.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

namespace cellblock::engine {
namespace {

// Enough to keep the maker busy while answers travel, few enough that a burst of jobs which finds the
// stock full again does not wait behind a long row of forks.
constexpr std::size_t kMaxMaking = 4;
// While there is more than this part of the stock, making waits until no cell has been taken for a while:
// jobs that come one after the other have the CPUs for themselves.
constexpr std::size_t kLowPart = 8;
// More than this part of the stock has to be there before other pools get of it. More than the low part, or a
// stream of small jobs would have the dear cells made again and again.
constexpr std::size_t kPlentyPart = 4;
constexpr std::chrono::milliseconds kCalm{2};
// The same while jobs run, which may be done any moment: short ones have the CPUs for themselves to their
// end.
constexpr std::chrono::milliseconds kCalmWhileRunning{10};
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{2'000};

}  // namespace

Stock::Stock(boost::asio::io_context& context, Backend& backend, std::size_t pool, Warming warming,
             std::function<void()> changed)
    : context_(context),
      backend_(backend),
      pool_(pool),
      warming_(warming),
      changed_(std::move(changed)),
      fill_timer_(context),
      pause_timer_(context) {}

void Stock::want(std::size_t waiting, std::size_t spare, Elsewhere elsewhere) {
  waiting_ = waiting;
  if (elsewhere_.running && !elsewhere.running) last_stir_ = Clock::now();
  elsewhere_ = elsewhere;
  wanted_ = waiting + spare;
  schedule_fill();
}

void Stock::renew() {
  ++renewals_;
  for (Ready& ready : ready_) ready.old = true;
  old_ = ready_.size();
  schedule_fill();
}

std::unique_ptr<Cell> Stock::take() {
  if (ready_.empty()) return nullptr;
  const auto warmed = newest(true);
  const auto best = warmed != ready_.end() ? warmed : std::prev(ready_.end());
  auto cell = std::move(best->cell);
  if (best->old) --old_;
  ready_.erase(best);
  last_stir_ = Clock::now();
  return cell;
}

std::deque<Stock::Ready>::iterator Stock::newest(bool warmed) {
  const auto found = std::find_if(ready_.rbegin(), ready_.rend(),
                                  [warmed](const Ready& ready) { return ready.warmed == warmed; });
  return found == ready_.rend() ? ready_.end() : std::prev(found.base());
}

bool Stock::has_plenty() const {
  return ready_.size() * kPlentyPart > wanted_;
}

bool Stock::warm_one() {
  if (warming_ == Warming::kNone) return false;
  const auto found = newest(false);
  if (found == ready_.end()) return false;
  found->warmed = true;
  found->cell->warm();
  return true;
}

void Stock::discard(std::unique_ptr<Cell> cell) {
  discarded_.push_back(std::move(cell));
  if (discarded_.size() > 1) return;  // already posted
  boost::asio::post(context_, [this] { discarded_.clear(); });
}

void Stock::close() {
  closed_ = true;
  fill_timer_.cancel();
  pause_timer_.cancel();
  ready_.clear();
  old_ = 0;
  discarded_.clear();
}

bool Stock::calm() const {
  return able_ && ready_.size() * kLowPart > wanted_;
}

void Stock::schedule_fill() {
  if (closed_ || pausing_ || enough()) return;
  // Else jobs of a light pool would live on the dear cells that are made in every short pause.
  if (calm() && elsewhere_.waiting) return;
  const auto pause = elsewhere_.running ? kCalmWhileRunning : kCalm;
  const auto start = calm() ? last_stir_ + pause : Clock::time_point::min();
  const bool at_once = start <= Clock::now();
  // A calm wait starts over; what has been posted is as good as done.
  if (fill_scheduled_ && fill_posted_) return;
  fill_scheduled_ = true;
  fill_posted_ = at_once;
  if (at_once) {
    // Posted: a timer that runs at once would cost two system calls for each cell.
    fill_timer_.cancel();
    boost::asio::post(context_, [this] {
      fill_scheduled_ = false;
      fill();
    });
    return;
  }
  fill_timer_.expires_at(start);
  fill_timer_.async_wait([this](const boost::system::error_code& code) {
    // An urgent one has come in between.
    if (code || fill_posted_) return;
    fill_scheduled_ = false;
    if (!elsewhere_.waiting) fill();
  });
}

void Stock::fill() {
  // Several for jobs that wait, and at the start; otherwise one at a time, so that the jobs which find a
  // ready cell find a CPU too. After a failure as well: one attempt finds out whether the cause is gone.
  const auto at_once = [this] {
    const bool hurry = pause_.count() == 0 && ready_.size() + making_ < wanted_;
    return hurry && (waiting_ > 0 || !been_full_) ? kMaxMaking : 1;
  };
  while (!closed_ && !pausing_ && making_ < at_once() && !enough()) {
    const Priming priming = ready_.size() + making_ < waiting_ ? Priming::kNone : Priming::kFull;
    ++making_;
    backend_.make_cell(pool_, priming,
                       [this, renewals = renewals_](base::Result<std::unique_ptr<Cell>> made) {
                         on_made(renewals, std::move(made));
                       });
  }
}

void Stock::on_made(std::uint64_t renewals, base::Result<std::unique_ptr<Cell>> made) {
  --making_;
  if (closed_) {
    if (made) discard(std::move(*made));
    return;
  }
  if (made) {
    able_ = true;
    last_error_.clear();
    pause_ = {};
    pausing_ = false;
    pause_timer_.cancel();
    const std::uint64_t number = next_number_++;
    // Asked for before the last renewal: nobody knows which side of it made the cell.
    const bool old = renewals != renewals_;
    if (old) ++old_;
    ready_.push_back({number, std::move(*made), false, old});
    ready_.back().cell->on_lost([this, number] { on_lost(number); });
    // A replacement, made in a pause: by the time it is over this cell is as good as those that it stands
    // beside.
    if (been_full_ && calm() && !elsewhere_.running && !elsewhere_.waiting) warm_one();
    been_full_ = been_full_ || ready_.size() >= wanted_;
    if (old_ > 0 && ready_.size() > wanted_) {
      drop(std::find_if(ready_.begin(), ready_.end(), [](const Ready& ready) { return ready.old; }));
    }
  } else {
    on_failed(made.error());
  }
  schedule_fill();
  changed_();
}

void Stock::on_failed(const base::Error& error) {
  if (able_) unable_since_ = Clock::now();
  able_ = false;
  last_error_ = error.message();
  // Several attempts that fail together are one reason to wait, not several.
  if (pausing_) return;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  pausing_ = true;
  pause_timer_.expires_after(pause_);
  pause_timer_.async_wait([this](const boost::system::error_code& code) {
    if (code) return;
    pausing_ = false;
    fill();
  });
}

void Stock::drop(const std::deque<Ready>::iterator& cell) {
  if (cell->old) --old_;
  discard(std::move(cell->cell));
  ready_.erase(cell);
}

void Stock::on_lost(std::uint64_t number) {
  const auto found = std::find_if(ready_.begin(), ready_.end(),
                                  [number](const Ready& ready) { return ready.number == number; });
  if (found == ready_.end()) return;  // it has been given to a job, whose report tells
  drop(found);
  schedule_fill();
  changed_();
}

}  // namespace cellblock::engine
