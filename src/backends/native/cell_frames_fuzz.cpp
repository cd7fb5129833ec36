// What a cell can write: its socket and its two pipes, in any order and in any pieces. The run ends with one
// report, and all that it says is fit for an answer.
//
// Input: the first byte tells whether the cell is sealed already; then pieces, each a byte for the stream,
// two for the length, and so many bytes.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/native/cell_state.hpp"
#include "base/relative_path.hpp"
#include "base/utf8.hpp"
#include "engine/judge.hpp"
#include "protocol/display_frame.hpp"
#include "protocol/json_check.hpp"

namespace {

using namespace cellblock;
using backends::native::CellState;
using backends::native::JailerLink;
using protocol::ControlKind;

void must(bool holds) {
  if (!holds) std::abort();
}

// The far ends of everything that a cell and its jailer hold.
class Outside {
 public:
  explicit Outside(bool sealed) {
    auto sockets = base::make_socketpair(SOCK_STREAM | SOCK_NONBLOCK).value();
    jailer_ = std::move(sockets.first);
    link_ = std::make_shared<JailerLink>(context_, std::move(sockets.second),
                                         [](const protocol::ControlMessage&) {});
    link_->start();
    job_.limits.result_bytes = 4096;
    job_.limits.output_bytes = 1024;
    job_.limits.display_items = 3;
    job_.limits.display_item_bytes = 64;
    job_.limits.display_bytes = 128;
    job_.display = engine::DisplayMode::kPng;
    cell_ = std::make_shared<CellState>(
        context_, link_, 0,
        backends::native::CellDefaults{job_.limits, 1.0, std::make_shared<base::ByteBudget>(1U << 20U)});
    cell_->make(engine::Priming::kFull, [this](const base::Result<void>& made) { made_ = made.has_value(); });
    spawn_ = protocol::receive_control(jailer_.get()).value().value();
    for (const base::Fd& fd : spawn_.fds) must(::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0);
    auto channel = base::make_socketpair(SOCK_STREAM | SOCK_NONBLOCK).value();
    const base::Fd ledger(::memfd_create("ledger", MFD_CLOEXEC));
    must(::ftruncate(ledger.get(), ::sysconf(_SC_PAGESIZE)) == 0);
    const std::array<int, 2> files{channel.first.get(), ledger.get()};
    tell(ControlKind::kSpawned, files);
    spawn_.fds.insert(spawn_.fds.begin(), std::move(channel.second));
    channel.first.reset();
    if (sealed) write(0, protocol::frame_header(protocol::FrameKind::kReady, 0));
  }
  ~Outside() {
    cell_->abandon();
    link_->close();
    context_.poll();
  }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  void write(std::size_t stream, std::string_view bytes) {
    // What finds no room in the pipe is lost, as it may be.
    static_cast<void>(::write(spawn_.fds[stream].get(), bytes.data(), bytes.size()) < 0);
    context_.poll();
    if (made_ != std::optional(true) || running_) return;
    running_ = true;
    cell_->listen([this](engine::LiveEvent event) { return listen(std::move(event)); });
    cell_->run(job_, [this](engine::Report report) {
      ++reports_;
      answer(std::move(report));
    });
    context_.poll();
  }

  void end() {
    spawn_.fds.clear();
    tell(ControlKind::kGone);
    must(made_.has_value());
    must(reports_ == (running_ ? 1 : 0));
  }

 private:
  void tell(ControlKind kind, std::span<const int> fds = {}) {
    protocol::ControlMessage message;
    message.kind = kind;
    message.cell = spawn_.message.cell;
    must(protocol::send_control(jailer_.get(), message, fds).has_value());
    context_.poll();
  }
  void answer(engine::Report report) const {
    const auto outcome = engine::judge(job_.limits, std::move(report), engine::EndReason::kNone);
    must(outcome.result_json.size() <= job_.limits.result_bytes);
    must(protocol::check_json(outcome.result_json, 1200).has_value());
    for (const engine::File& file : outcome.files) must(base::fault_of_path(file.path).empty());
    const engine::Shown shown = outcome.display.value_or(engine::Shown{});
    show(shown);
    must(live_out_ == outcome.stdout_text && live_err_ == outcome.stderr_text);
    must(live_bundles_ == shown.bundles);
    // What is put into the answer as strings.
    for (const std::string* text : {&outcome.error, &outcome.stdout_text, &outcome.stderr_text}) {
      must(base::to_valid_utf8(*text) == *text);
    }
    if (!outcome.exception) return;
    for (const std::string* text :
         {&outcome.exception->type, &outcome.exception->message, &outcome.exception->traceback}) {
      must(base::to_valid_utf8(*text) == *text);
    }
  }

  // What is streamed comes to the same as what is answered.
  bool listen(engine::LiveEvent event) {
    using Kind = engine::LiveEvent::Kind;
    must(base::to_valid_utf8(event.text) == event.text);
    must(reports_ == 0);
    if (event.kind == Kind::kStdout) live_out_ += event.text;
    if (event.kind == Kind::kStderr) live_err_ += event.text;
    if (event.kind == Kind::kDisplay) live_bundles_.push_back(std::move(event.bundle));
    return true;
  }
  // As it goes into the answer.
  void show(const engine::Shown& shown) const {
    must(shown.bundles.size() <= job_.limits.display_items);
    must(shown.skipped.size() <= protocol::kMaxDisplaySkipped);
    std::uint64_t bytes = 0;
    for (const engine::DisplayBundle& bundle : shown.bundles) {
      must(!bundle.empty());
      for (const engine::Representation& one : bundle) {
        using Kind = engine::Representation::Kind;
        must(protocol::is_mime_type(one.type));
        must(one.kind != Kind::kText || base::to_valid_utf8(one.data) == one.data);
        must(one.kind != Kind::kJson || protocol::check_json(one.data, 1200).has_value());
        must(one.data.size() <= job_.limits.display_item_bytes);
        bytes += one.data.size();
      }
    }
    must(bytes <= job_.limits.display_bytes);
    for (const engine::SkippedDisplay& one : shown.skipped) {
      must(one.type.empty() || protocol::is_mime_type(one.type));
      must(base::to_valid_utf8(one.reason) == one.reason);
    }
  }

  boost::asio::io_context context_;
  base::Fd jailer_;
  std::shared_ptr<JailerLink> link_;
  engine::Job job_;
  std::shared_ptr<CellState> cell_;
  protocol::Received spawn_;
  std::optional<bool> made_;
  bool running_ = false;
  int reports_ = 0;
  std::string live_out_;
  std::string live_err_;
  std::vector<engine::DisplayBundle> live_bundles_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // As in the server: the far end of what is written to may have been closed.
  ::signal(SIGPIPE, SIG_IGN);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  Outside outside((input[0] & 1) != 0);
  input.remove_prefix(1);
  while (input.size() > 3) {
    const auto byte = [&input](std::size_t index) { return static_cast<unsigned char>(input[index]); };
    const std::size_t stream = byte(0) % 3U;
    const std::size_t length = std::min<std::size_t>(byte(1) + 256U * byte(2), input.size() - 3);
    outside.write(stream, input.substr(3, length));
    input.remove_prefix(3 + length);
  }
  outside.end();
  return 0;
}
