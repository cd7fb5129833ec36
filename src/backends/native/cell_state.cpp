#include "backends/native/cell_state.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "backends/native/claim_reader.hpp"
#include "protocol/run_frame.hpp"
#include "sandbox/step.hpp"

namespace cellblock::backends::native {
namespace {

using protocol::ControlKind;
using protocol::ControlMessage;
using protocol::FrameKind;

constexpr std::size_t kChunk = 64U << 10U;
// One pipe can hold at most this much when a claim arrives (the kernel's limit for F_SETPIPE_SZ without
// privileges); draining stops there, or a child that goes on printing would hold up the answer.
constexpr std::uint64_t kPipeLimit = 1U << 20U;
// How often a cell close to its CPU limit is looked at.
constexpr std::chrono::microseconds kShortestCpuWait{5'000};

// Reads once without blocking: the bytes, empty at end of file, or nullopt when nothing is there.
std::optional<std::string_view> read_some(int fd, std::array<char, kChunk>& buffer) {
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0) return std::string_view(buffer.data(), static_cast<std::size_t>(count));
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) return std::string_view();
  }
}

base::Error step_error(std::uint64_t step, std::uint64_t code) {
  return {"seal a cell: " + std::string(sandbox::step_name(static_cast<sandbox::Step>(step))),
          static_cast<int>(code),
          {}};
}

ControlMessage about(ControlKind kind, std::uint64_t cell) {
  ControlMessage message;
  message.kind = kind;
  message.cell = cell;
  return message;
}

std::uint64_t cpu_seconds_of(const engine::Limits& limits) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.cpu).count();
  // A single process can't have more CPU than wall time: let the clock, which is exact, speak first.
  return static_cast<std::uint64_t>(limits.cpu >= limits.wall ? seconds + 1 : seconds);
}

}  // namespace

CellState::CellState(boost::asio::io_context& context, std::shared_ptr<JailerLink> link,
                     engine::Limits defaults, double cpus)
    : context_(context),
      link_(std::move(link)),
      defaults_(defaults),
      cpus_(cpus),
      channel_(context),
      out_(context),
      err_(context),
      frames_(kClaimTextLimit),
      cpu_timer_(context) {}

void CellState::make(Ready ready) {
  ready_ = std::move(ready);
  auto sockets = base::make_socketpair(SOCK_STREAM);
  auto out = base::make_pipe();
  auto err = base::make_pipe();
  const auto later = [this](base::Error error) {
    boost::asio::post(context_,
                      [self = shared_from_this(), error = std::move(error)] { self->fail_making(error); });
  };
  if (!sockets) return later(sockets.error());
  if (!out) return later(out.error());
  if (!err) return later(err.error());
  if (!link_->up()) return later({"make a cell: the jailer has ended", 0, {}});
  channel_.assign(sockets->first.release());
  out_.assign(out->first.release());
  err_.assign(err->first.release());
  for (Stream* stream : {&channel_, &out_, &err_}) stream->non_blocking(true);
  id_ = link_->add([weak = weak_from_this()](protocol::Received received) {
    if (const auto self = weak.lock()) self->on_control(std::move(received));
  });
  std::vector<base::Fd> fds;
  fds.push_back(std::move(sockets->second));
  fds.push_back(std::move(out->second));
  fds.push_back(std::move(err->second));
  link_->send(about(ControlKind::kSpawn, id_), std::move(fds));
  await_channel();
}

void CellState::on_control(protocol::Received received) {
  const ControlMessage& message = received.message;
  switch (message.kind) {
    case ControlKind::kSpawned:
      usage_.take_files(std::move(received.fds));
      spawned_ = true;
      become_ready_if_complete();
      break;
    case ControlKind::kSpawnFailed:
      fail_making(step_error(message.step, static_cast<std::uint64_t>(message.code)));
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

void CellState::on_gone(const ControlMessage& message) {
  gone_ = true;
  if (phase_ == Phase::kMaking) {
    fail_making({"make a cell: it died while it was sealed", message.lost != 0 ? 0 : ECHILD, {}});
    return;
  }
  if (phase_ == Phase::kIdle) {
    phase_ = Phase::kOver;
    if (lost_) lost_();
    return;
  }
  // The answer may still lie in the socket: a cell exits right after sending it.
  const auto self = shared_from_this();
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
                              std::max(message.cpu_us, static_cast<std::uint64_t>(usage_.cpu().count())));
  finish(std::move(report));
}

void CellState::become_ready_if_complete() {
  if (phase_ != Phase::kMaking || !sealed_ || !spawned_) return;
  phase_ = Phase::kIdle;
  std::exchange(ready_, nullptr)(base::Result<void>{});
}

void CellState::fail_making(base::Error error) {
  if (phase_ != Phase::kMaking) return;
  phase_ = Phase::kOver;
  close_all();
  std::exchange(ready_, nullptr)(tl::make_unexpected(std::move(error)));
}

void CellState::warm() {
  if (phase_ != Phase::kIdle) return;
  // Five bytes into an empty socket: they fit, and if the cell has just died its run will tell.
  const std::string frame = protocol::frame_header(FrameKind::kWarm, 0);
  static_cast<void>(::send(channel_.native_handle(), frame.data(), frame.size(), MSG_NOSIGNAL));
}

void CellState::run(const engine::Job& job, std::function<void(engine::Report)> done) {
  done_ = std::move(done);
  if (phase_ != Phase::kIdle) {
    engine::Report report;
    report.broken = "the cell died while it was waiting";
    report.unstarted = true;
    phase_ = Phase::kRunning;
    boost::asio::post(context_,
                      [self = shared_from_this(), report = std::move(report)] { self->finish(report); });
    return;
  }
  phase_ = Phase::kRunning;
  job_ = &job;
  frames_ = protocol::FrameReader(job.limits.result_bytes + 3 * kClaimTextLimit);
  stdout_ = OutputCapture(job.limits.output_bytes);
  stderr_ = OutputCapture(job.limits.output_bytes);
  await_output(out_, stdout_);
  await_output(err_, stderr_);
  if (job.limits.memory_bytes == defaults_.memory_bytes && job.limits.processes == defaults_.processes) {
    send_run();
    return;
  }
  ControlMessage limit = about(ControlKind::kLimit, id_);
  limit.memory_bytes = job.limits.memory_bytes;
  limit.processes = job.limits.processes;
  link_->send(limit);
}

void CellState::send_run() {
  const engine::Limits& limits = job_->limits;
  const std::string payload =
      protocol::encode_run({job_->script, job_->args_json, job_->kwargs_json, job_->stdin_text,
                            cpu_seconds_of(limits), limits.file_bytes, limits.open_files, limits.processes,
                            limits.result_bytes, job_->policy == engine::Policy::kStrict});
  unsent_ = protocol::encode_frame(FrameKind::kRun, payload);
  usage_.start();
  watch_cpu();
  write_on();
}

void CellState::write_on() {
  while (sent_ < unsent_.size()) {
    const ssize_t count =
        ::send(channel_.native_handle(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      channel_.async_wait(Stream::wait_write,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (!error && self->phase_ == Phase::kRunning) self->write_on();
                          });
      return;
    }
    // Another error: the process is dying, and the jailer will say how. With nothing sent, it was not the
    // script that did it.
    unstarted_ = count < 0 && sent_ == 0;
    if (count < 0) return;
    sent_ += static_cast<std::size_t>(count);
  }
  unsent_ = {};
}

void CellState::await_channel() {
  channel_.async_wait(Stream::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->phase_ == Phase::kOver) return;
    if (self->read_channel()) self->await_channel();
  });
}

bool CellState::read_channel() {
  std::array<char, kChunk> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  const auto bytes = read_some(channel_.native_handle(), buffer);
  // Nothing yet is no end, but a caller that loops must stop as well: it looks at what is there only.
  if (!bytes) return !gone_;
  // Closed. If the process lives on, its end or the deadline decides; the jailer reports both.
  if (bytes->empty()) return false;
  frames_.feed(*bytes);
  auto frame = frames_.next();
  if (!frame) {
    engine::Report report;
    report.result_too_large = frame.error().code == EMSGSIZE;
    report.forged = !report.result_too_large;
    report.usage = usage_.now();
    if (phase_ == Phase::kRunning) finish(std::move(report));
    return false;
  }
  if (*frame) on_frame(**frame);
  return phase_ != Phase::kOver;
}

void CellState::on_frame(const protocol::Frame& frame) {
  if (phase_ == Phase::kMaking && frame.kind == FrameKind::kReady) {
    sealed_ = true;
    become_ready_if_complete();
    return;
  }
  if (phase_ == Phase::kMaking && frame.kind == FrameKind::kFailed) {
    std::string_view payload = frame.payload;
    const auto step = protocol::take_u64(payload);
    const auto code = protocol::take_u64(payload);
    fail_making(step_error(step.value_or(0), code.value_or(0)));
    return;
  }
  if (phase_ != Phase::kRunning) return;
  if (frame.kind == FrameKind::kOutcome) {
    if (auto claim = read_claim(frame.payload, job_->limits.result_bytes)) {
      report_claim(std::move(*claim));
      return;
    }
  }
  engine::Report report;
  report.forged = true;
  report.usage = usage_.now();
  finish(std::move(report));
}

void CellState::await_output(Stream& stream, OutputCapture& capture) {
  stream.async_wait(Stream::wait_read,
                    [self = shared_from_this(), &stream, &capture](const boost::system::error_code& error) {
                      if (error || self->phase_ != Phase::kRunning) return;
                      if (self->read_output(stream, capture)) self->await_output(stream, capture);
                    });
}

bool CellState::read_output(Stream& stream, OutputCapture& capture) {
  std::array<char, kChunk> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  const auto bytes = read_some(stream.native_handle(), buffer);
  if (!bytes) return true;
  if (bytes->empty()) return false;
  capture.add(*bytes);
  if (stdout_.total() + stderr_.total() <= engine::kOutputFloodBytes) return true;
  engine::Report report;
  report.output_flood = true;
  report.usage = usage_.now();
  finish(std::move(report));
  return false;
}

void CellState::watch_cpu() {
  if (phase_ != Phase::kRunning) return;
  const std::chrono::microseconds left = job_->limits.cpu - usage_.cpu();
  if (left.count() <= 0) {
    engine::Report report;
    report.cpu_used_up = true;
    report.usage = usage_.now();
    finish(std::move(report));
    return;
  }
  // The earliest moment at which the limit can be reached: a script that sleeps costs next to nothing.
  const auto earliest = std::chrono::duration_cast<std::chrono::microseconds>(left / std::max(cpus_, 1.0));
  cpu_timer_.expires_after(std::max(earliest, kShortestCpuWait));
  cpu_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->watch_cpu();
  });
}

void CellState::report_claim(engine::Claim claim) {
  engine::Report report;
  report.claim = std::move(claim);
  report.usage = usage_.now();
  finish(std::move(report));
}

void CellState::finish(engine::Report report) {
  if (phase_ != Phase::kRunning) return;
  phase_ = Phase::kOver;
  cpu_timer_.cancel();
  // What was written before the end is in the pipes by now.
  std::array<char, kChunk> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  for (auto [stream, capture] : {std::pair{&out_, &stdout_}, std::pair{&err_, &stderr_}}) {
    const std::uint64_t stop_at = capture->total() + kPipeLimit;
    while (stream->is_open() && capture->total() < stop_at) {
      const auto bytes = read_some(stream->native_handle(), buffer);
      if (!bytes || bytes->empty()) break;
      capture->add(*bytes);
    }
  }
  report.stdout_truncated = stdout_.truncated();
  report.stderr_truncated = stderr_.truncated();
  report.stdout_text = stdout_.take_text();
  report.stderr_text = stderr_.take_text();
  std::exchange(done_, nullptr)(std::move(report));
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
  end();
  close_all();
}

void CellState::close_all() {
  boost::system::error_code ignored;
  for (Stream* stream : {&channel_, &out_, &err_}) {
    if (stream->is_open()) stream->close(ignored);
  }
  if (id_ != 0) link_->remove(id_);
}

}  // namespace cellblock::backends::native
