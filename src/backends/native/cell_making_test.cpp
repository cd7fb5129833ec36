#include <cerrno>
#include <csignal>

#include "backends/native/fake_jailer_for_test.hpp"
#include "sandbox/step.hpp"

namespace cellblock::backends::native {
namespace {

class CellMaking : public FakeJailer {
 protected:
  void cell_fails(sandbox::Step step, std::uint64_t code) {
    std::string payload;
    protocol::append_u64(payload, static_cast<std::uint64_t>(step));
    protocol::append_u64(payload, code);
    cell_writes(protocol::encode_frame(FrameKind::kFailed, payload));
  }
  base::Error failure() {
    if (!eventually([this] { return made_.has_value(); }) || made_->has_value()) {
      ADD_FAILURE() << "making the cell did not fail";
      return {};
    }
    return made_->error();
  }
};

TEST_F(CellMaking, ACellThatWasReadyAndHasDiedSinceIsNotReady) {
  start_making();
  accept_spawn();
  tell_spawned();
  cell_writes(protocol::encode_frame(FrameKind::kReady, ""));
  // Before anybody has looked at what the cell has written.
  tell(about_cell(ControlKind::kGone));
  ASSERT_TRUE(eventually([this] { return made_.has_value(); }));
  EXPECT_FALSE(made_->has_value());
}

TEST_F(CellMaking, NeedsTheJailersWordAndTheCells) {
  start_making();
  accept_spawn();
  tell_spawned();
  settle();
  EXPECT_FALSE(made_.has_value());
  cell_writes(protocol::encode_frame(FrameKind::kReady, ""));
  ASSERT_TRUE(eventually([this] { return made_.has_value(); }));
  EXPECT_TRUE(made_->has_value());
}

TEST_F(CellMaking, AReadyFrameMayComeInPieces) {
  start_making();
  accept_spawn();
  tell_spawned();
  const std::string frame = protocol::encode_frame(FrameKind::kReady, "");
  for (const char byte : frame) {
    EXPECT_FALSE(made_.has_value());
    cell_writes(std::string_view(&byte, 1));
    settle();
  }
  ASSERT_TRUE(made_.has_value());
}

TEST_F(CellMaking, AStepThatFailedInTheCellIsTheError) {
  start_making();
  accept_spawn();
  tell_spawned();
  cell_fails(sandbox::Step::kSeccomp, EPERM);
  const base::Error error = failure();
  EXPECT_EQ(error.code, EPERM);
  EXPECT_NE(error.what.find(sandbox::step_name(sandbox::Step::kSeccomp)), std::string::npos) << error.what;
}

TEST_F(CellMaking, AFailedStepIsTheErrorAlsoWhenTheEndIsHeardOfFirst) {
  start_making();
  accept_spawn();
  tell_spawned();
  cell_fails(sandbox::Step::kSeccomp, EPERM);
  tell(about_cell(ControlKind::kGone));
  EXPECT_EQ(failure().code, EPERM);
}

TEST_F(CellMaking, ACellWhoseFilesDidNotArriveIsEnded) {
  start_making();
  accept_spawn();
  tell(about_cell(ControlKind::kSpawned));
  EXPECT_EQ(failure().code, EMFILE);
  EXPECT_EQ(take(ControlKind::kKill).message.cell, number_);
}

TEST_F(CellMaking, AStepThatFailedInTheJailerIsTheError) {
  start_making();
  accept_spawn();
  ControlMessage message = about_cell(ControlKind::kSpawnFailed);
  message.step = static_cast<std::uint32_t>(sandbox::Step::kIdMaps);
  message.code = EACCES;
  tell(message);
  const base::Error error = failure();
  EXPECT_EQ(error.code, EACCES);
  EXPECT_NE(error.what.find(sandbox::step_name(sandbox::Step::kIdMaps)), std::string::npos) << error.what;
}

TEST_F(CellMaking, AStepOfAnotherBuildHasSomeName) {
  start_making();
  accept_spawn();
  ControlMessage message = about_cell(ControlKind::kSpawnFailed);
  message.step = 10'000;
  tell(message);
  EXPECT_FALSE(failure().what.empty());
}

TEST_F(CellMaking, DeathWhileSealedIsAnErrorAndLaterWordsAreIgnored) {
  start_making();
  accept_spawn();
  ControlMessage gone = about_cell(ControlKind::kGone);
  gone.code = SIGKILL;
  tell(gone);
  EXPECT_EQ(failure().code, ECHILD);
  tell(about_cell(ControlKind::kSpawned));
  settle();
  EXPECT_FALSE(made_->has_value());
}

TEST_F(CellMaking, IsGivenUpWhenTheZygoteIsDown) {
  start_making();
  accept_spawn();
  ControlMessage down;
  down.kind = ControlKind::kZygoteDown;
  tell(down);
  ASSERT_TRUE(eventually([this] { return !service_.empty(); }));
  EXPECT_EQ(service_.front(), ControlKind::kZygoteDown);
  cell_->give_up_making("the zygote has ended");
  EXPECT_EQ(failure().what, "make a cell: the zygote has ended");
}

TEST_F(CellMaking, WithoutAJailerFailsAtOnce) {
  jailer_.reset();
  ASSERT_TRUE(eventually([this] { return !service_.empty(); }));
  EXPECT_EQ(service_.front(), ControlKind::kFatal);
  EXPECT_FALSE(link_->up());
  start_making();
  EXPECT_EQ(failure().what, "make a cell: the jailer has ended");
}

TEST_F(CellMaking, AnAbandonedCellIsKilledAndCallsNobodyBack) {
  start_making();
  accept_spawn();
  cell_->abandon();
  EXPECT_EQ(take(ControlKind::kKill).message.cell, number_);
  tell(about_cell(ControlKind::kSpawned));
  settle();
  EXPECT_FALSE(made_.has_value());
}

TEST_F(CellMaking, AMessageThatIsCutShortIsTheJailersEnd) {
  ASSERT_TRUE(base::write_all(jailer_.get(), "no control message"));
  jailer_.reset();
  ASSERT_TRUE(eventually([this] { return !service_.empty(); }));
  EXPECT_EQ(service_.front(), ControlKind::kFatal);
}

TEST_F(CellMaking, MessagesThatTheSocketCantTakeWaitInOrder) {
  constexpr std::uint64_t kMessages = 2'000;
  for (std::uint64_t cell = 1; cell <= kMessages; ++cell) {
    ControlMessage message;
    message.kind = ControlKind::kKill;
    message.cell = cell;
    link_->send(message);
  }
  for (std::uint64_t cell = 1; cell <= kMessages; ++cell) {
    std::optional<protocol::Received> received;
    ASSERT_TRUE(eventually([&] {
      auto next = protocol::receive_control(jailer_.get());
      if (next) received = std::move(*next);
      return received.has_value();
    }));
    ASSERT_EQ(received->message.cell, cell);
  }
}

}  // namespace
}  // namespace cellblock::backends::native
