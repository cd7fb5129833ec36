#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "backends/native/fake_jailer_for_test.hpp"
#include "protocol/display_frame.hpp"
#include "protocol/run_frame.hpp"

namespace cellblock::backends::native {
namespace {

using protocol::OutcomeKind;

std::string answer(std::string result_json) {
  return protocol::encode_frame(FrameKind::kOutcome,
                                protocol::encode_outcome({OutcomeKind::kOk, std::move(result_json), "", ""}));
}

class CellRunning : public FakeJailer {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(make_idle_cell()); }

  // The jailer's last word on the cell.
  void gone(int status, std::uint32_t oom_kills = 0, std::uint32_t lost = 0) {
    ControlMessage message = about_cell(ControlKind::kGone);
    message.code = status;
    message.oom_kills = oom_kills;
    message.lost = lost;
    message.cpu_us = 2'500;
    message.memory_bytes = 3ULL << 20U;
    tell(message);
  }
  // Writes so much to a stream of the cell, with the server reading at the other end.
  void print(const base::Fd& stream, std::uint64_t bytes) {
    const std::string text(std::size_t{1} << 15U, 'x');
    for (std::uint64_t done = 0; done < bytes && reports_.empty(); done += text.size()) {
      ASSERT_TRUE(base::write_all(stream.get(), text));
      context_.restart();
      context_.poll();
    }
  }
};

TEST_F(CellRunning, SendsTheJobAndReportsTheClaimWithTheOutput) {
  job_.script = "print(1)";
  job_.policy = engine::Policy::kStrict;
  run();
  const auto frame = sent_to_cell();
  ASSERT_TRUE(frame.has_value());
  const auto request = protocol::decode_run(frame->payload);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->script, "print(1)");
  EXPECT_TRUE(request->strict);
  EXPECT_EQ(request->cpu_seconds, 31U);  // one more than the wall clock, which speaks first
  ASSERT_TRUE(base::write_all(stdout_.get(), "out"));
  ASSERT_TRUE(base::write_all(stderr_.get(), "err"));
  cell_writes(answer("[1]"));
  const auto done = report();
  ASSERT_TRUE(done.claim.has_value());
  EXPECT_EQ(done.claim->result_json, "[1]");
  EXPECT_EQ(done.stdout_text, "out");
  EXPECT_EQ(done.stderr_text, "err");
}

TEST_F(CellRunning, BytesThatAreNoFrameAreForgery) {
  run();
  cell_writes("Hello, world");
  EXPECT_TRUE(report().forged);
}

TEST_F(CellRunning, AFrameOfAnotherKindIsForgery) {
  run();
  cell_writes(protocol::encode_frame(FrameKind::kReady, ""));
  EXPECT_TRUE(report().forged);
}

std::string shown(std::string data) {
  return protocol::encode_frame(FrameKind::kDisplay,
                                protocol::encode_display({{"application/json", std::move(data)}}));
}

TEST_F(CellRunning, WhatIsShownIsReportedWhateverTheEnd) {
  job_.display = engine::DisplayMode::kSvg;
  run();
  const auto request = protocol::decode_run(sent_to_cell()->payload);
  ASSERT_TRUE(request.has_value());
  const protocol::DisplayWish wish{protocol::DisplayWish::Figures::kSvg, 64, 4ULL << 20U, 8ULL << 20U};
  EXPECT_EQ(request->display, wish);
  cell_writes(shown("1") + shown("2"));
  settle();
  gone(W_EXITCODE(7, 0));
  const auto done = report();
  ASSERT_TRUE(done.display.has_value());
  ASSERT_EQ(done.display->bundles.size(), 2U);
  EXPECT_EQ(done.display->bundles[1][0].data, "2");
}

TEST_F(CellRunning, ShowingUnaskedIsForgery) {
  run();
  cell_writes(shown("1"));
  const auto done = report();
  EXPECT_TRUE(done.forged);
  EXPECT_FALSE(done.display.has_value());
}

TEST_F(CellRunning, TellsAListenerInPiecesWhatTheReportHas) {
  std::vector<engine::LiveEvent> events;
  cell_->listen([&events](engine::LiveEvent event) {
    events.push_back(std::move(event));
    return true;
  });
  job_.display = engine::DisplayMode::kPng;
  job_.limits.output_bytes = 6;
  run();
  const auto comes = [&events, this](std::size_t count) {
    return eventually([&events, count] { return events.size() == count; });
  };
  ASSERT_TRUE(base::write_all(stdout_.get(), "a\xe2\x82"));
  ASSERT_TRUE(comes(1));
  ASSERT_TRUE(base::write_all(stdout_.get(), "\xac"));
  ASSERT_TRUE(comes(2));
  cell_writes(shown("1"));
  ASSERT_TRUE(comes(3));
  ASSERT_TRUE(base::write_all(stderr_.get(), "err\xc3"));
  ASSERT_TRUE(base::write_all(stdout_.get(),
                              "b\xe2\x82\xac"
                              "c"));
  cell_writes(answer("null"));
  const auto done = report();
  EXPECT_EQ(done.stdout_text,
            "a\xe2\x82\xac"
            "b");
  EXPECT_TRUE(done.stdout_truncated);
  std::string out;
  std::string err;
  for (const engine::LiveEvent& event : events) {
    if (event.kind == engine::LiveEvent::Kind::kStdout) out += event.text;
    if (event.kind == engine::LiveEvent::Kind::kStderr) err += event.text;
  }
  EXPECT_EQ(events[0].text, "a");
  EXPECT_EQ(events[1].text, "\xe2\x82\xac");
  EXPECT_EQ(events[2].bundle, done.display->bundles[0]);
  EXPECT_EQ(out, done.stdout_text);
  EXPECT_EQ(err, done.stderr_text);
}

TEST_F(CellRunning, ReadsNothingWhileTheListenerHasEnough) {
  std::string out;
  bool more = false;
  cell_->listen([&](const engine::LiveEvent& event) {
    out += event.text;
    return more;
  });
  run();
  const auto comes = [&](const std::string& text) { return eventually([&] { return out == text; }); };
  ASSERT_TRUE(base::write_all(stdout_.get(), "a"));
  ASSERT_TRUE(comes("a"));
  ASSERT_TRUE(base::write_all(stdout_.get(), "b"));
  settle();
  EXPECT_EQ(out, "a") << "it rests";
  cell_->resume();
  ASSERT_TRUE(comes("ab"));
  more = true;
  cell_->resume();
  ASSERT_TRUE(base::write_all(stdout_.get(), "c"));
  ASSERT_TRUE(comes("abc"));
  more = false;
  ASSERT_TRUE(base::write_all(stdout_.get(), "d"));
  ASSERT_TRUE(comes("abcd"));
  ASSERT_TRUE(base::write_all(stdout_.get(), "e"));
  settle();
  cell_writes(answer("null"));
  EXPECT_EQ(report().stdout_text, "abcde") << "the end waits for nobody";
  EXPECT_EQ(out, "abcde");
}

TEST_F(CellRunning, AValueThatIsMalformedIsForgery) {
  job_.display = engine::DisplayMode::kPng;
  run();
  cell_writes(shown("1") + shown("{"));
  const auto done = report();
  EXPECT_TRUE(done.forged);
  EXPECT_EQ(done.display->bundles.size(), 1U);
}

TEST_F(CellRunning, AnOutcomeThatIsNoJsonIsForgery) {
  run();
  cell_writes(answer("[1"));
  const auto done = report();
  EXPECT_TRUE(done.forged);
  EXPECT_FALSE(done.claim.has_value());
}

TEST_F(CellRunning, AFrameThatIsAnnouncedTooLargeEndsBeforeItsBytesCome) {
  run();
  cell_writes(protocol::frame_header(FrameKind::kOutcome, 0xffff'ffffU));
  const auto done = report();
  EXPECT_TRUE(done.result_too_large);
  EXPECT_FALSE(done.forged);
}

TEST_F(CellRunning, AnAnswerStillInTheSocketCountsMoreThanTheEnd) {
  run();
  static_cast<void>(sent_to_cell());
  const std::string large = "\"" + std::string(150'000, 'x') + "\"";
  cell_writes(answer(large));
  socket_.reset();
  gone(0);
  const auto done = report();
  ASSERT_TRUE(done.claim.has_value());
  EXPECT_EQ(done.claim->result_json, large);
}

struct Ending {
  const char* name;
  int status;
  std::uint32_t oom_kills;
  engine::Exit exit;
};

class CellEnding : public CellRunning, public testing::WithParamInterface<Ending> {};

TEST_P(CellEnding, IsWhatTheJailerSays) {
  run();
  socket_.reset();
  settle();
  EXPECT_TRUE(reports_.empty()) << "a closed channel alone is no end";
  gone(GetParam().status, GetParam().oom_kills);
  const auto done = report();
  ASSERT_TRUE(done.exit.has_value());
  EXPECT_EQ(done.exit->signalled, GetParam().exit.signalled);
  EXPECT_EQ(done.exit->value, GetParam().exit.value);
  EXPECT_EQ(done.exit->out_of_memory, GetParam().exit.out_of_memory);
  EXPECT_DOUBLE_EQ(done.exit->cpu_ms, 2.5);
  EXPECT_EQ(done.usage.memory_peak_kb, 3U << 10U);
}

INSTANTIATE_TEST_SUITE_P(
    Endings, CellEnding,
    testing::Values(Ending{"Exit", W_EXITCODE(7, 0), 0, {false, 7, false, 0}},
                    Ending{"Signal", W_EXITCODE(0, SIGSEGV), 0, {true, SIGSEGV, false, 0}},
                    Ending{"OutOfMemory", W_EXITCODE(0, SIGKILL), 1, {true, SIGKILL, true, 0}}),
    [](const auto& ending) { return ending.param.name; });

TEST_F(CellRunning, ADeadZygoteIsNoExitOfTheScript) {
  run();
  gone(0, 0, 1);
  const auto done = report();
  EXPECT_FALSE(done.exit.has_value());
  EXPECT_EQ(done.broken, "the zygote or the jailer died under it");
}

TEST_F(CellRunning, OutputBeyondTheLimitIsDroppedAndTheScriptRunsOn) {
  job_.limits.output_bytes = 10;
  run();
  print(stdout_, 1ULL << 20U);
  EXPECT_TRUE(reports_.empty());
  cell_writes(answer("null"));
  const auto done = report();
  EXPECT_TRUE(done.stdout_truncated);
  EXPECT_FALSE(done.stderr_truncated);
  EXPECT_EQ(done.stdout_text, std::string(10, 'x'));
}

TEST_F(CellRunning, EndlessOutputOnBothStreamsTogetherEndsTheRun) {
  run();
  print(stdout_, engine::kOutputFloodBytes / 2);
  EXPECT_TRUE(reports_.empty());
  print(stderr_, engine::kOutputFloodBytes / 2 + (1ULL << 20U));
  EXPECT_TRUE(report().output_flood);
}

TEST_F(CellRunning, WhatComesOutIsOnTheBudgetsAccountUntilTheReportGoes) {
  run();
  print(stdout_, 100'000);
  EXPECT_GE(defaults_.budget->used(), 100'000U);
  cell_writes(answer("null"));
  static_cast<void>(report());
  EXPECT_GE(defaults_.budget->used(), 100'000U);
  reports_.clear();
  EXPECT_EQ(defaults_.budget->used(), 0U);
}

TEST_F(CellRunning, WhatTheBudgetHasNoRoomForEndsTheRun) {
  ASSERT_TRUE(defaults_.budget->take(defaults_.budget->limit(), base::ByteBudget::Use::kAnswer));
  run();
  cell_writes(protocol::frame_header(FrameKind::kOutcome, 200'000));
  print(stdout_, 10'000);
  EXPECT_TRUE(reports_.empty()) << "what is small is free";
  cell_writes(std::string(100'000, 'x'));
  const auto done = report();
  EXPECT_TRUE(done.no_room);
  EXPECT_FALSE(done.claim.has_value());
}

TEST_F(CellRunning, OtherLimitsAreSetBeforeTheScriptGoesIn) {
  job_.limits.memory_bytes = 64ULL << 20U;
  job_.limits.processes = 3;
  run();
  const auto limit = take(ControlKind::kLimit).message;
  EXPECT_EQ(limit.memory_bytes, 64ULL << 20U);
  EXPECT_EQ(limit.processes, 3U);
  settle();
  EXPECT_FALSE(sent_to_cell().has_value());
  tell(about_cell(ControlKind::kLimited));
  settle();
  EXPECT_TRUE(sent_to_cell().has_value());
}

TEST_F(CellRunning, AScriptNeverRunsUnderLimitsThatCouldNotBeSet) {
  job_.limits.memory_bytes = 64ULL << 20U;
  run();
  ControlMessage limited = about_cell(ControlKind::kLimited);
  limited.code = EBUSY;
  tell(limited);
  EXPECT_NE(report().broken.find("set the limits of a cell"), std::string::npos);
  EXPECT_FALSE(sent_to_cell().has_value());
}

TEST_F(CellRunning, AnIdleCellThatDiesIsLostAndItsRunNeverStarted) {
  int lost = 0;
  cell_->on_lost([&lost] { ++lost; });
  gone(W_EXITCODE(0, SIGKILL));
  ASSERT_TRUE(eventually([&lost] { return lost == 1; }));
  run();
  EXPECT_TRUE(report().unstarted);
}

TEST_F(CellRunning, ACellThatDiesBeforeItsLimitsAreSetHasNotStarted) {
  job_.limits.processes = 3;
  run();
  gone(W_EXITCODE(0, SIGKILL));
  EXPECT_TRUE(report().unstarted);
}

TEST_F(CellRunning, ACellThatDiesWithTheScriptInItHasStarted) {
  run();
  gone(W_EXITCODE(0, SIGKILL));
  EXPECT_FALSE(report().unstarted);
}

TEST_F(CellRunning, EndAsksTheJailerAndReportsItsWord) {
  run();
  ASSERT_TRUE(base::write_all(stdout_.get(), "so far"));
  cell_->end();
  EXPECT_EQ(take(ControlKind::kKill).message.cell, number_);
  EXPECT_TRUE(reports_.empty());
  gone(W_EXITCODE(0, SIGKILL));
  EXPECT_EQ(report().stdout_text, "so far");
}

}  // namespace
}  // namespace cellblock::backends::native
