// One cell as the server sees it: its socket and pipes, and what the jailer says of it.
//
//   making ──kSpawned, ready frame──▶ idle ──run──▶ running ──claim, kGone, flood, forgery──▶ over
//      │                                  │
//      └─ failed frame, kSpawnFailed      └─ died by itself: lost
//
// Lives as long as a handler or its NativeCell holds it. Everything happens on the engine's thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "backends/native/cell_defaults.hpp"
#include "backends/native/cell_denials.hpp"
#include "backends/native/cell_usage.hpp"
#include "backends/native/claim_reader.hpp"
#include "backends/native/display_reader.hpp"
#include "backends/native/jailer_link.hpp"
#include "backends/native/live_text.hpp"
#include "backends/native/output_capture.hpp"
#include "base/fd.hpp"
#include "engine/backend.hpp"
#include "protocol/frame.hpp"
#include "protocol/ready_frame.hpp"

namespace cellblock::backends::native {

class CellState : public std::enable_shared_from_this<CellState> {
 public:
  using Ready = std::function<void(base::Result<void>)>;
  using Stream = boost::asio::posix::stream_descriptor;

  CellState(boost::asio::io_context& context, std::shared_ptr<JailerLink> link, std::size_t pool,
            CellDefaults defaults);

  // Asks the jailer for the cell. `ready` comes once, never from inside this call.
  void make(engine::Priming priming, Ready ready);
  // The zygote or the jailer is gone: what has not become ready never will.
  void give_up_making(const std::string& reason) { fail_making({"make a cell: " + reason, 0, {}}); }
  [[nodiscard]] std::size_t pool() const { return pool_; }
  // Once it is ready: what it said of its own steps.
  [[nodiscard]] const std::optional<protocol::ReadyTimes>& ready_times() const { return ready_times_; }
  void warm();
  void listen(engine::Listener listener) { listener_ = std::move(listener); }
  void resume();
  void run(const engine::Job& job, std::function<void(engine::Report)> done);
  // Has the jailer kill everything in the cell; the report follows when that is done.
  void end();
  void on_lost(std::function<void()> lost) { lost_ = std::move(lost); }
  // Nobody is interested any more: kills, closes, and calls nobody back.
  void abandon();

 private:
  enum class Phase : std::uint8_t { kMaking, kIdle, kRunning, kOver };
  // One of the script's two streams.
  struct Output {
    Output(boost::asio::io_context& context, engine::LiveEvent::Kind kind_of_pieces)
        : stream(context), kind(kind_of_pieces) {}

    Stream stream;
    engine::LiveEvent::Kind kind;
    OutputCapture capture{0};
    LiveText live{};
    bool rests = false;  // until resume()
  };

  void on_control(protocol::Received received);
  // The channel, the ledger and the slot's usage files.
  void take_files(std::vector<base::Fd> files);
  void on_gone(const protocol::ControlMessage& message);
  void fail_making(base::Error error);
  [[nodiscard]] static base::Error step_error(std::uint64_t step, std::uint64_t code);

  void send_run();
  void write_on();

  void await_channel();
  void await_output(Output& output);
  // Takes what has come; false when the channel is closed or of no use any more.
  bool read_channel();
  void on_frame(const protocol::Frame& frame);
  // False when it is no value that this run may show.
  bool take_display(std::string_view payload);
  bool read_output(Output& output);
  // What was written before the end, and no more than a pipe holds.
  void drain(Output& output);
  // Tells the listener, if there is one, and has the streams rest when it wants no more.
  void tell(engine::LiveEvent event);
  void tell_text(engine::LiveEvent::Kind kind, std::string text);
  // False when the budget has no room for what has come: the run has been ended.
  bool account();

  void report_claim(engine::Claim claim);
  // Ends the run when all processes of the cell together have used the CPU limit. RLIMIT_CPU counts each
  // by itself, so a script could otherwise multiply its limit by forking.
  void watch_cpu();
  void finish(engine::Report report);
  void close_all();

  boost::asio::io_context& context_;
  std::shared_ptr<JailerLink> link_;
  std::size_t pool_;
  CellDefaults defaults_;
  Phase phase_ = Phase::kMaking;
  std::uint64_t id_ = 0;
  bool gone_ = false;

  Stream channel_;
  Output out_;
  Output err_;
  protocol::FrameReader frames_;
  CellUsage usage_;
  CellDenials denials_;
  boost::asio::steady_timer cpu_timer_;  // and while it is made, the limit of that

  Ready ready_;
  std::function<void()> lost_;
  engine::Listener listener_;
  bool listener_full_ = false;
  std::function<void(engine::Report)> done_;

  const engine::Job* job_ = nullptr;
  std::string unsent_;
  std::size_t sent_ = 0;
  bool unstarted_ = false;
  std::optional<protocol::ReadyTimes> ready_times_;
  std::optional<CollectedFiles> files_;   // of this run, once they have come
  std::optional<DisplayReader> display_;  // if this run may show anything
  std::shared_ptr<base::Lease> memory_;
};

}  // namespace cellblock::backends::native
