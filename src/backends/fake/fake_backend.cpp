#include "backends/fake/fake_backend.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "backends/fake/fake_cell.hpp"

namespace cellblock::fake {

FakeBackend::FakeBackend(Options options, std::shared_ptr<FakeControl> control)
    : house_(std::make_shared<FakeHouse>()) {
  house_->options = std::move(options);
  house_->control = control ? std::move(control) : std::make_shared<FakeControl>();
}

FakeBackend::~FakeBackend() {
  house_->control->on_lose(nullptr);
  house_->control->on_renew(nullptr);
}

void FakeBackend::start(boost::asio::io_context& context) {
  house_->context = &context;
  house_->control->on_renew([&context, renewed = renewed_](std::size_t pool) {
    boost::asio::post(context, [renewed, pool] { renewed(pool); });
  });
  house_->control->on_lose([&context, weak = std::weak_ptr(house_)] {
    boost::asio::post(context, [weak] {
      const auto house = weak.lock();
      if (!house) return;
      const auto oldest = std::find_if(house->cells.begin(), house->cells.end(),
                                       [](const FakeCell* cell) { return cell->idle(); });
      if (oldest != house->cells.end()) (*oldest)->die();
    });
  });
}

void FakeBackend::make_cell(std::size_t pool, engine::Priming priming, Made made) {
  house_->control->note([priming](Record& record) {
    ++record.asked;
    record.most_making = std::max(record.most_making, ++record.making);
    if (priming == engine::Priming::kNone) ++record.unprimed;
  });
  // The failure is asked for at the end of the making, as a real one would show.
  auto finish = [house = house_, pool, made = std::move(made)] {
    house->control->note([](Record& record) { --record.making; });
    if (house->stopped) return;
    if (auto failure = house->control->failure(pool); !failure.empty()) {
      return made(base::make_error(std::move(failure)));
    }
    made(std::unique_ptr<engine::Cell>(std::make_unique<FakeCell>(house, pool)));
  };
  if (house_->options.make_delay.count() == 0) return boost::asio::post(*house_->context, std::move(finish));
  auto timer = std::make_shared<boost::asio::steady_timer>(*house_->context, house_->options.make_delay);
  timer->async_wait([timer, finish = std::move(finish)](const boost::system::error_code&) { finish(); });
}

void FakeBackend::stop() {
  house_->stopped = true;
  house_->control->on_lose(nullptr);
  house_->control->on_renew(nullptr);
  house_->control->note([](Record& record) { record.stopped = true; });
}

}  // namespace cellblock::fake
