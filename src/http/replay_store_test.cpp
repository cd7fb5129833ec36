#include "http/replay_store.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cellblock::http {
namespace {

using Part = ReplayStore::Part;
using std::chrono::milliseconds;

const Sha256 kOne = sha256("one");
const Sha256 kOther = sha256("other");

engine::Outcome outcome(std::string result, engine::Status status = engine::Status::kOk) {
  engine::Outcome made;
  made.status = status;
  made.result_json = std::move(result);
  return made;
}

Reply convert(engine::Outcome&& outcome) {
  Reply reply;
  reply.body = std::move(outcome.result_json);
  return reply;
}

class ReplayStoreTest : public ::testing::Test {
 protected:
  ReplayStore::Joined join(const std::string& name, const Sha256& digest = kOne) {
    return store_.join(
        name, digest, [this] { ++woken_; }, now_);
  }
  std::string settle(const ReplayStore::EntryPtr& entry) { return store_.settle(entry, convert, now_)->body; }
  // An execution from its beginning to its end.
  void run(const std::string& name, std::string result) {
    const auto joined = join(name);
    ASSERT_EQ(joined.part, Part::kRun);
    store_.started(joined.entry, 1);
    store_.finish(joined.entry, outcome(std::move(result)));
    static_cast<void>(settle(joined.entry));
  }

  ReplayStore store_{{10'000, 3, milliseconds(1000)}};
  ReplayStore::Clock::time_point now_ = ReplayStore::Clock::now();
  int woken_ = 0;
};

TEST_F(ReplayStoreTest, TheFirstRunsTheOthersWaitAndAllGetTheAnswer) {
  const auto first = join("k");
  const auto second = join("k");
  EXPECT_EQ(first.part, Part::kRun);
  EXPECT_EQ(second.part, Part::kWait);
  store_.started(first.entry, 7);
  store_.finish(first.entry, outcome("42"));
  EXPECT_EQ(woken_, 2);
  EXPECT_EQ(settle(second.entry), "42");
  EXPECT_EQ(settle(first.entry), "42");
  const auto third = join("k");
  EXPECT_EQ(third.part, Part::kReplay);
  EXPECT_EQ(settle(third.entry), "42");
  EXPECT_EQ(woken_, 2);
}

TEST_F(ReplayStoreTest, AnotherRequestUnderTheSameKeyIsAConflict) {
  const auto first = join("k");
  EXPECT_EQ(join("k", kOther).part, Part::kConflict);
  store_.started(first.entry, 7);
  store_.finish(first.entry, outcome("1"));
  EXPECT_EQ(join("k", kOther).part, Part::kConflict);
  static_cast<void>(settle(first.entry));
  EXPECT_EQ(join("k", kOther).part, Part::kConflict);
  EXPECT_EQ(join("other", kOther).part, Part::kRun);
}

TEST_F(ReplayStoreTest, OnlyTheLastWhoLeavesCancels) {
  const auto first = join("k");
  const auto second = join("k");
  store_.started(first.entry, 7);
  EXPECT_EQ(store_.leave(first.entry, first.seat, convert), std::nullopt);
  EXPECT_EQ(store_.leave(second.entry, second.seat, convert), 7U);
  // What comes of it is nobody's, and the key is free.
  store_.finish(first.entry, outcome("", engine::Status::kCancelled));
  EXPECT_EQ(woken_, 0);
  EXPECT_EQ(join("k").part, Part::kRun);
}

TEST_F(ReplayStoreTest, WhoLeavesAsTheAnswerComesStillKeepsIt) {
  const auto first = join("k");
  store_.started(first.entry, 7);
  store_.finish(first.entry, outcome("1"));
  EXPECT_EQ(store_.leave(first.entry, first.seat, convert), std::nullopt);
  EXPECT_EQ(store_.entries(), 1U);
  EXPECT_EQ(join("k").part, Part::kReplay);
}

TEST_F(ReplayStoreTest, WhatHasNotRunIsAnsweredButNotKept) {
  for (const auto status :
       {engine::Status::kOverloaded, engine::Status::kInternalError, engine::Status::kCancelled,
        engine::Status::kInvalidRequest, engine::Status::kScriptTooLarge}) {
    const auto first = join("k");
    const auto second = join("k");
    ASSERT_EQ(first.part, Part::kRun);
    store_.finish(first.entry, outcome("no", status));
    EXPECT_EQ(settle(second.entry), "no");
    EXPECT_EQ(settle(first.entry), "no");
    EXPECT_EQ(store_.entries(), 0U);
  }
}

TEST_F(ReplayStoreTest, AFaultOfTheScriptIsKept) {
  const auto first = join("k");
  store_.finish(first.entry, outcome("fault", engine::Status::kTimeout));
  EXPECT_EQ(settle(first.entry), "fault");
  EXPECT_EQ(join("k").part, Part::kReplay);
}

TEST_F(ReplayStoreTest, ForgetsWhenTheTimeIsUp) {
  run("k", "1");
  now_ += milliseconds(999);
  EXPECT_EQ(join("k").part, Part::kReplay);
  now_ += milliseconds(1);
  EXPECT_EQ(join("k").part, Part::kRun);
}

TEST_F(ReplayStoreTest, TheOldestMakesRoomForTheFourth) {
  for (const auto* name : {"a", "b", "c"}) run(name, "1");
  EXPECT_EQ(join("a").part, Part::kReplay);
  run("d", "1");
  EXPECT_EQ(store_.entries(), 3U);
  EXPECT_EQ(join("b").part, Part::kReplay);
  EXPECT_EQ(join("a").part, Part::kRun);
}

TEST_F(ReplayStoreTest, TheOldestMakesRoomForBytes) {
  run("a", std::string(4'000, 'x'));
  run("b", std::string(4'000, 'x'));
  EXPECT_EQ(store_.entries(), 2U);
  run("c", std::string(4'000, 'x'));
  EXPECT_EQ(store_.entries(), 2U);
  EXPECT_LE(store_.bytes(), 10'000U);
  EXPECT_EQ(join("a").part, Part::kRun);
}

TEST_F(ReplayStoreTest, AnAnswerLargerThanAllRoomIsGivenButNotKept) {
  run("a", "1");
  const auto large = join("large");
  store_.finish(large.entry, outcome(std::string(10'001, 'x')));
  EXPECT_EQ(settle(large.entry).size(), 10'001U);
  EXPECT_EQ(join("large").part, Part::kRun);
  EXPECT_EQ(join("a").part, Part::kReplay);
}

TEST(Sha256Test, IsTheStandards) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(equal_in_constant_time(sha256("abc"), sha256("abc")));
  EXPECT_FALSE(equal_in_constant_time(sha256("abc"), sha256("abd")));
}

}  // namespace
}  // namespace cellblock::http
