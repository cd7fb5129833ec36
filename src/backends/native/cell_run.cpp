// The run of a cell, from the frame that starts it to the report. What comes back meanwhile is read in
// cell_channel.cpp and cell_output.cpp.
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>

#include "backends/native/cell_state.hpp"
#include "base/relative_path.hpp"
#include "protocol/display_frame.hpp"
#include "protocol/files_frame.hpp"
#include "protocol/run_frame.hpp"

namespace cellblock::backends::native {
namespace {

using protocol::ControlKind;
using protocol::ControlMessage;
using protocol::FrameKind;

// How often a cell close to its CPU limit is looked at.
constexpr std::chrono::microseconds kShortestCpuWait{5'000};
// How often one is looked at that no cgroup bounds, and what its measured memory may be above the limit:
// shares of the zygote's pages grow when other cells end.
constexpr std::chrono::microseconds kMeasuringInterval{20'000};
constexpr std::uint64_t kMeasuringSlack = 32ULL << 20U;

std::uint64_t bytes_of(const std::optional<CollectedFiles>& files) {
  std::uint64_t bytes = 0;
  if (!files) return bytes;
  for (const engine::File& file : files->whole) bytes += file.content.capacity();
  return bytes;
}

protocol::DisplayWish wish_of(const engine::Job& job) {
  using Figures = protocol::DisplayWish::Figures;
  if (job.display == engine::DisplayMode::kOff) return {};
  return {job.display == engine::DisplayMode::kSvg ? Figures::kSvg : Figures::kPng, job.limits.display_items,
          job.limits.display_item_bytes, job.limits.display_bytes};
}

std::uint64_t cpu_seconds_of(const engine::Limits& limits) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.cpu).count();
  // A single process can't have more CPU than wall time: let the clock, which is exact, speak first.
  return static_cast<std::uint64_t>(limits.cpu >= limits.wall ? seconds + 1 : seconds);
}

}  // namespace

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
  // As long as nothing was sent, it was not the script that did it.
  unstarted_ = true;
  memory_ = std::make_shared<base::Lease>(defaults_.budget, base::ByteBudget::Use::kAnswer);
  constexpr std::uint64_t kNames = 2 * protocol::kMaxFiles * (base::kMaxPathBytes + 16);
  std::uint64_t largest =
      std::max(job.limits.result_bytes + 3 * kClaimTextLimit, job.limits.files_bytes + kNames);
  if (job.display != engine::DisplayMode::kOff) {
    display_.emplace(job.limits);
    largest = std::max<std::uint64_t>(largest, protocol::display_frame_limit(job.limits.display_bytes));
  }
  frames_ = protocol::FrameReader(largest);
  for (Output* output : {&out_, &err_}) {
    output->capture = OutputCapture(job.limits.output_bytes);
  }
  if (!defaults_.own_interpreter && job.limits.memory_bytes == defaults_.limits.memory_bytes &&
      job.limits.processes == defaults_.limits.processes) {
    send_run();
    return;
  }
  ControlMessage limit = protocol::about(ControlKind::kLimit, id_);
  limit.memory_bytes = job.limits.memory_bytes;
  limit.processes = job.limits.processes;
  link_->send(limit);
}

void CellState::send_run() {
  const engine::Limits& limits = job_->limits;
  std::vector<protocol::CellFile> files;
  for (const engine::File& file : job_->files) files.push_back({file.path, file.content});
  const std::string payload = protocol::encode_run(
      {job_->script, job_->args_json, job_->kwargs_json, job_->stdin_text, protocol::encode_files(files),
       cpu_seconds_of(limits), limits.file_bytes, limits.open_files, limits.processes, limits.memory_bytes,
       limits.result_bytes, limits.files_bytes, job_->policy == engine::Policy::kStrict, wish_of(*job_)});
  unsent_ = protocol::encode_frame(FrameKind::kRun, payload);
  usage_.start();
  denials_.start();
  write_on();
  // The script may run by now, on another CPU: what it does not wait for comes after.
  for (Output* output : {&out_, &err_}) await_output(*output);
  watch_cpu();
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
    // Another error: the process is dying, and the jailer will say how.
    if (count < 0) return;
    unstarted_ = false;
    sent_ += static_cast<std::size_t>(count);
  }
  unsent_ = {};
}

bool CellState::account() {
  if (phase_ != Phase::kRunning ||
      memory_->resize(frames_.capacity() + out_.capture.capacity() + err_.capture.capacity() +
                      bytes_of(files_) + (display_ ? display_->bytes() : 0))) {
    return true;
  }
  engine::Report report;
  report.no_room = true;
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
  if (usage_.memory_bytes() > job_->limits.memory_bytes + kMeasuringSlack) {
    engine::Report report;
    report.exit = engine::Exit{true, SIGKILL, true, 0};
    report.usage = usage_.now();
    finish(std::move(report));
    return;
  }
  // The earliest moment at which the limit can be reached: a script that sleeps costs next to nothing.
  const auto earliest =
      std::chrono::duration_cast<std::chrono::microseconds>(left / std::max(defaults_.cpus, 1.0));
  const auto wait = usage_.measured() ? kMeasuringInterval : std::max(earliest, kShortestCpuWait);
  cpu_timer_.expires_after(wait);
  cpu_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->watch_cpu();
  });
}

void CellState::finish(engine::Report report) {
  if (phase_ != Phase::kRunning) return;
  phase_ = Phase::kOver;
  cpu_timer_.cancel();
  // What was written before the end is in the pipes by now.
  for (Output* output : {&out_, &err_}) drain(*output);
  report.denied = denials_.so_far();
  report.stdout_truncated = out_.capture.truncated();
  report.stderr_truncated = err_.capture.truncated();
  report.stdout_text = out_.capture.take_text();
  report.stderr_text = err_.capture.take_text();
  if (display_) report.display = std::move(*display_).take_all();
  report.memory = std::move(memory_);
  listener_ = nullptr;
  std::exchange(done_, nullptr)(std::move(report));
}

}  // namespace cellblock::backends::native
