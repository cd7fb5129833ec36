// walls_bench SECONDS [SCRIPT]: makes cells of the pool that this script would get, and ends each as soon as
// it is ready. No HTTP, nothing primed and nothing run: what is left is the making and taking down of two
// processes and their walls, so no service that gives each script these can answer more. Prints how many in a
// second.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "backends/native/native_backend.hpp"
#include "cli/setup.hpp"
#include "config/value.hpp"

namespace {

using namespace cellblock;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
// More keep both ends of each line busy; with many more nothing gets faster.
constexpr int kAtOnce = 8;

class Run {
 public:
  Run(boost::asio::io_context& context, engine::Backend& backend) : context_(context), backend_(backend) {}

  void make_one() {
    backend_.make_cell(0, engine::Priming::kNone, [this](base::Result<std::unique_ptr<engine::Cell>> cell) {
      if (!cell) {
        std::fprintf(stderr, "walls_bench: %s\n", cell.error().message().c_str());
        failed_ = true;
        context_.stop();
        return;
      }
      ++made_;
      cell->reset();
      if (!over_) make_one();
    });
  }
  void stop() { over_ = true; }
  [[nodiscard]] unsigned made() const { return made_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  boost::asio::io_context& context_;
  engine::Backend& backend_;
  unsigned made_ = 0;
  bool over_ = false;
  bool failed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  const long seconds = arguments.size() > 1 ? std::strtol(arguments[1], nullptr, 10) : 0;
  if (seconds <= 0) {
    std::fprintf(stderr, "usage: walls_bench SECONDS [SCRIPT]\n");
    return kUsage;
  }
  const config::Options given = config::with_automatic_values(
      config::default_options(), static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)),
      cli::memory_of_this_machine(), cli::most_cells_of_this_user());
  const cli::Host host = cli::examine_host(given);
  if (auto accepted = cli::accept(host, given); !accepted) {
    std::fprintf(stderr, "walls_bench: %s\n", accepted.error().message().c_str());
    return kFailed;
  }
  const config::Options options = cli::at_level(given, host.level);
  const cli::Pools pools = cli::pool_for(options, arguments.size() > 2 ? arguments[2] : "");
  auto jailer =
      backends::native::launch_jailer(cli::jail_spec_from(options, pools, host), std::chrono::seconds(120));
  if (!jailer) {
    std::fprintf(stderr, "walls_bench: %s\n", jailer.error().message().c_str());
    return kFailed;
  }
  backends::native::NativeEvents events;
  events.zygote = events.unable =
      events.fatal = [](const std::string& text) { std::fprintf(stderr, "walls_bench: %s\n", text.c_str()); };
  const auto backend = backends::native::make_native_backend(
      std::move(*jailer), cli::cell_defaults_from(options, nullptr), std::move(events));
  boost::asio::io_context context;
  backend->start(context);
  Run run(context, *backend);
  for (int index = 0; index < kAtOnce; ++index) run.make_one();
  boost::asio::steady_timer end(context, std::chrono::seconds(seconds));
  end.async_wait([&](const boost::system::error_code&) {
    run.stop();
    context.stop();
  });
  context.run();
  backend->stop();
  if (run.failed()) return kFailed;
  std::printf("%.1f\n", run.made() / static_cast<double>(seconds));
  return 0;
}
