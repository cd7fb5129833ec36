// What the native backend's tests share: a jailer and a cell that do what a test says, at the far ends of
// the descriptors of a real JailerLink and CellState. Everything runs on the test's own thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/native/cell_state.hpp"
#include "protocol/outcome_frame.hpp"

namespace cellblock::backends::native {

using protocol::ControlKind;
using protocol::ControlMessage;
using protocol::FrameKind;

// Far beyond what any test needs, so that it ends a hanging test only.
inline constexpr std::chrono::seconds kPatience{20};

inline constexpr std::size_t kPool = 1;

class FakeJailer : public testing::Test {
 protected:
  FakeJailer() {
    auto sockets = base::make_socketpair(SOCK_STREAM | SOCK_NONBLOCK).value();
    jailer_ = std::move(sockets.first);
    link_ = std::make_shared<JailerLink>(
        context_, std::move(sockets.second),
        [this](const ControlMessage& message) { service_.push_back(message.kind); });
    link_->start();
  }
  void TearDown() override {
    if (cell_) cell_->abandon();
    link_->close();
    settle();
  }

  // Runs handlers until the wanted state is there; false when it never is.
  bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds{10});
    }
    return true;
  }
  // Gives whatever could happen the time to happen.
  void settle() {
    context_.restart();
    context_.run_for(std::chrono::milliseconds{20});
  }

  // The next message of the server, which must be of this kind.
  protocol::Received take(ControlKind kind) {
    auto received = protocol::receive_control(jailer_.get());
    if (!received || !*received) {
      ADD_FAILURE() << "the server has sent nothing";
      return {};
    }
    EXPECT_EQ((*received)->message.kind, kind);
    return std::move(**received);
  }
  [[nodiscard]] ControlMessage about_cell(ControlKind kind) const {
    ControlMessage message;
    message.kind = kind;
    message.cell = number_;
    return message;
  }
  void tell(const ControlMessage& message) { ASSERT_TRUE(protocol::send_control(jailer_.get(), message)); }
  void cell_writes(std::string_view bytes) { ASSERT_TRUE(base::write_all(socket_.get(), bytes)); }

  void start_making() {
    cell_ = std::make_shared<CellState>(context_, link_, kPool, defaults_);
    cell_->make(engine::Priming::kFull, [this](base::Result<void> made) { made_ = std::move(made); });
    EXPECT_FALSE(made_.has_value()) << "called from inside make()";
  }
  void accept_spawn() {
    auto spawn = take(ControlKind::kSpawn);
    ASSERT_EQ(spawn.fds.size(), 2U);
    EXPECT_EQ(spawn.message.pool, kPool);
    number_ = spawn.message.cell;
    stdout_ = std::move(spawn.fds[0]);
    stderr_ = std::move(spawn.fds[1]);
  }
  // What the jailer says when the zygote has forked; the ledger is a page of zeroes.
  void tell_spawned() {
    auto sockets = base::make_socketpair(SOCK_STREAM).value();
    socket_ = std::move(sockets.second);
    const base::Fd ledger(::memfd_create("ledger", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(ledger.get(), ::sysconf(_SC_PAGESIZE)), 0);
    const std::array<int, 2> fds{sockets.first.get(), ledger.get()};
    ASSERT_TRUE(protocol::send_control(jailer_.get(), about_cell(ControlKind::kSpawned), fds));
  }
  void make_idle_cell() {
    start_making();
    accept_spawn();
    tell_spawned();
    cell_writes(protocol::encode_frame(FrameKind::kReady, ""));
    ASSERT_TRUE(eventually([this] { return made_.has_value(); }));
    ASSERT_TRUE(made_->has_value());
  }
  void run() {
    cell_->run(job_, [this](engine::Report report) { reports_.push_back(std::move(report)); });
    EXPECT_TRUE(reports_.empty()) << "called from inside run()";
  }
  // The one report of the run.
  engine::Report report() {
    if (!eventually([this] { return !reports_.empty(); })) {
      ADD_FAILURE() << "no report came";
      return {};
    }
    settle();
    EXPECT_EQ(reports_.size(), 1U);
    return reports_.front();
  }
  // What the server has sent into the cell so far.
  std::optional<protocol::Frame> sent_to_cell() {
    std::string bytes(std::size_t{1} << 16U, '\0');
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    protocol::FrameReader reader(bytes.size());
    if (count > 0) reader.feed(std::string_view(bytes).substr(0, static_cast<std::size_t>(count)));
    return reader.next().value();
  }

  CellDefaults defaults_{{}, 1.0, std::make_shared<base::ByteBudget>(64ULL << 20U)};
  boost::asio::io_context context_;
  base::Fd jailer_;
  std::shared_ptr<JailerLink> link_;
  std::vector<ControlKind> service_;  // what the link has told the service
  std::shared_ptr<CellState> cell_;
  std::uint64_t number_ = 0;
  base::Fd socket_;
  base::Fd stdout_;
  base::Fd stderr_;
  engine::Job job_;
  std::optional<base::Result<void>> made_;
  std::vector<engine::Report> reports_;
};

}  // namespace cellblock::backends::native
