#include "backends/native/cell_state.hpp"

#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "backends/native/claim_reader.hpp"
#include "sandbox/step.hpp"

namespace cellblock::backends::native {

using protocol::about;
using protocol::ControlKind;
using protocol::ControlMessage;
using protocol::FrameKind;

namespace {

// Of a kSpawned message: the channel and the ledger; those of the slot's cgroup follow.
constexpr std::ptrdiff_t kFixedFiles = 2;

}  // namespace

base::Error CellState::step_error(std::uint64_t step, std::uint64_t code) {
  return {"seal a cell: " + std::string(sandbox::step_name(static_cast<sandbox::Step>(step))),
          static_cast<int>(code),
          {}};
}

CellState::CellState(boost::asio::io_context& context, std::shared_ptr<JailerLink> link, std::size_t pool,
                     CellDefaults defaults)
    : context_(context),
      link_(std::move(link)),
      pool_(pool),
      defaults_(std::move(defaults)),
      channel_(context),
      out_(context, engine::LiveEvent::Kind::kStdout),
      err_(context, engine::LiveEvent::Kind::kStderr),
      frames_(kClaimTextLimit),
      cpu_timer_(context) {}

void CellState::make(engine::Priming priming, Ready ready) {
  ready_ = std::move(ready);
  auto out = base::make_pipe();
  auto err = base::make_pipe();
  const auto later = [this](base::Error error) {
    boost::asio::post(context_,
                      [self = shared_from_this(), error = std::move(error)] { self->fail_making(error); });
  };
  if (!out) return later(out.error());
  if (!err) return later(err.error());
  if (!link_->up()) return later({"make a cell: the jailer has ended", 0, {}});
  out_.stream.assign(out->first.release());
  err_.stream.assign(err->first.release());
  for (Output* output : {&out_, &err_}) output->stream.non_blocking(true);
  id_ = link_->add([weak = weak_from_this()](protocol::Received received) {
    if (const auto self = weak.lock()) self->on_control(std::move(received));
  });
  std::vector<base::Fd> fds;
  fds.push_back(std::move(out->second));
  fds.push_back(std::move(err->second));
  ControlMessage spawn = about(ControlKind::kSpawn, id_);
  spawn.pool = static_cast<std::uint32_t>(pool_);
  spawn.unprimed = priming == engine::Priming::kNone ? 1 : 0;
  link_->send(spawn, std::move(fds));
  cpu_timer_.expires_after(defaults_.making_limit);
  cpu_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->phase_ != Phase::kMaking) return;
    self->end();
    self->fail_making(
        {"make a cell: no word for " + std::to_string(self->defaults_.making_limit.count() / 1000) + " s", 0,
         "a part of the service hangs"});
  });
}

void CellState::on_control(protocol::Received received) {
  const ControlMessage& message = received.message;
  switch (message.kind) {
    case ControlKind::kSpawned:
      if (phase_ != Phase::kMaking) break;
      take_files(std::move(received.fds));
      break;
    case ControlKind::kSpawnFailed:
      fail_making(message.text_view().empty()
                      ? step_error(message.step, static_cast<std::uint64_t>(message.code))
                      : base::Error{"make a cell: " + std::string(message.text_view()), 0, {}});
      break;
    case ControlKind::kLimited:
      if (phase_ != Phase::kRunning) break;
      if (message.code == 0) {
        send_run();
      } else {
        engine::Report report;
        report.broken = base::Error{"set the limits of a cell", message.code, {}}.message();
        finish(std::move(report));
      }
      break;
    case ControlKind::kGone:
      on_gone(message);
      break;
    default:
      break;
  }
}

void CellState::take_files(std::vector<base::Fd> files) {
  if (files.size() < kFixedFiles) {
    end();
    return fail_making({"take the socket of a cell", EMFILE, {}});
  }
  channel_.assign(files[0].release());
  channel_.non_blocking(true);
  await_channel();
  const int ledger = files[1].get();
  denials_.take_ledger(std::move(files[1]));
  files.erase(files.begin(), files.begin() + kFixedFiles);
  usage_.take_files(std::move(files), ledger);
}

void CellState::on_gone(const ControlMessage& message) {
  gone_ = true;
  const auto self = shared_from_this();
  if (phase_ == Phase::kMaking) {
    // What it said of its end may still lie in the socket.
    while (phase_ == Phase::kMaking && channel_.is_open() && read_channel()) {
    }
    fail_making({"make a cell: it died while it was sealed", message.lost != 0 ? 0 : ECHILD, {}});
    return;
  }
  if (phase_ == Phase::kIdle) {
    phase_ = Phase::kOver;
    if (lost_) lost_();
    return;
  }
  // The answer may still lie in the socket: a cell exits right after sending it.
  while (phase_ == Phase::kRunning && read_channel()) {
  }
  if (phase_ != Phase::kRunning) return;
  engine::Report report;
  report.unstarted = unstarted_;
  if (message.lost != 0) {
    report.broken = "the zygote or the jailer died under it";
  } else {
    engine::Exit exit;
    exit.signalled = WIFSIGNALED(message.code);
    exit.value = exit.signalled ? WTERMSIG(message.code) : WEXITSTATUS(message.code);
    exit.out_of_memory = message.oom_kills > 0;
    exit.cpu_ms = static_cast<double>(message.cpu_us) / 1000;
    report.exit = exit;
  }
  // The zygote knows of the interpreter's process and its reaped children, the cgroup of all.
  report.usage = usage_.final(message.memory_bytes,
                              std::max(message.cpu_us, usage_.cpu_since_start(message.cell_cpu_us)));
  finish(std::move(report));
}

void CellState::fail_making(base::Error error) {
  if (phase_ != Phase::kMaking) return;
  phase_ = Phase::kOver;
  cpu_timer_.cancel();
  close_all();
  std::exchange(ready_, nullptr)(tl::make_unexpected(std::move(error)));
}

void CellState::warm() {
  if (phase_ != Phase::kIdle) return;
  // Five bytes into an empty socket: they fit, and if the cell has just died its run will tell.
  const std::string frame = protocol::frame_header(FrameKind::kWarm, 0);
  static_cast<void>(::send(channel_.native_handle(), frame.data(), frame.size(), MSG_NOSIGNAL));
}

void CellState::end() {
  if (!gone_ && id_ != 0) link_->send(about(ControlKind::kKill, id_));
}

void CellState::abandon() {
  phase_ = Phase::kOver;
  cpu_timer_.cancel();
  ready_ = nullptr;
  lost_ = nullptr;
  done_ = nullptr;
  listener_ = nullptr;
  end();
  close_all();
}

void CellState::close_all() {
  boost::system::error_code ignored;
  for (Stream* stream : {&channel_, &out_.stream, &err_.stream}) {
    if (stream->is_open()) stream->close(ignored);
  }
  if (id_ != 0) link_->remove(id_);
}

}  // namespace cellblock::backends::native
