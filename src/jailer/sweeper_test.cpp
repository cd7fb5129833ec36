#include "jailer/sweeper.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

namespace cellblock::jailer {
namespace {

// A pipe in the place of a cgroup's file: full, it keeps whoever writes waiting.
class PipeRemains final : public sandbox::CgroupRemains {
 public:
  PipeRemains(base::Fd emptier, int& removed) : emptier_(std::move(emptier)), removed_(&removed) {}
  ~PipeRemains() override { ++*removed_; }
  [[nodiscard]] int emptier() const override { return emptier_.get(); }

 private:
  base::Fd emptier_;
  int* removed_;
};

pid_t only_child() {
  const std::string self = std::to_string(::getpid());
  const auto text = base::read_file(AT_FDCWD, "/proc/self/task/" + self + "/children");
  return text ? static_cast<pid_t>(std::strtol(text->c_str(), nullptr, 10)) : -1;
}

class SweeperTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Sweeper::start();
    ASSERT_TRUE(started) << started.error().message();
    sweeper_ = std::move(*started);
  }

  void sweep(base::Fd emptier) {
    sweeper_->sweep(std::make_unique<PipeRemains>(std::move(emptier), removed_));
  }

  // One that takes long: until what this returns is read or closed.
  base::Fd sweep_slowly() {
    auto pipe = base::make_pipe();
    EXPECT_TRUE(pipe);
    EXPECT_EQ(::fcntl(pipe->second.get(), F_SETPIPE_SZ, 4096), 4096);
    EXPECT_TRUE(base::write_all(pipe->second.get(), std::string(4096, 'x')));
    sweep(std::move(pipe->second));
    return std::move(pipe->first);
  }

  void wait_until_removed(int count) {
    while (removed_ < count) {
      pollfd watched{sweeper_->answers(), POLLIN, 0};
      ASSERT_EQ(::poll(&watched, 1, 10'000), 1);
      sweeper_->on_answers();
    }
  }

  int removed_ = 0;
  std::unique_ptr<Sweeper> sweeper_;
};

TEST_F(SweeperTest, EmptiesOneAfterTheOtherAndThenRemovesThem) {
  auto pipe = base::make_pipe();
  ASSERT_TRUE(pipe);
  for (int count = 0; count < 3; ++count) sweep(std::move(*base::duplicate(pipe->second.get())));
  wait_until_removed(3);
  std::array<char, 8> text{};
  EXPECT_EQ(::read(pipe->first.get(), text.data(), text.size()), 3);
  EXPECT_STREQ(text.data(), "000");
}

TEST_F(SweeperTest, OneThatTakesLongHoldsUpTheOthersAndNotTheCaller) {
  base::Fd slow = sweep_slowly();
  const base::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  sweep(std::move(*base::duplicate(null.get())));
  EXPECT_EQ(sweeper_->waiting(), 2U);
  sweeper_->on_answers();
  EXPECT_EQ(removed_, 0) << "somebody may be writing";
  std::array<char, 4096> text{};
  EXPECT_EQ(::read(slow.get(), text.data(), text.size()), 4096);
  wait_until_removed(2);
}

TEST_F(SweeperTest, WithTooManyBeforeItOneIsRemovedAtOnce) {
  const base::Fd slow = sweep_slowly();
  const base::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  while (sweeper_->waiting() < Sweeper::kMostWaiting) sweep(std::move(*base::duplicate(null.get())));
  EXPECT_EQ(removed_, 0);
  sweep(std::move(*base::duplicate(null.get())));
  EXPECT_EQ(removed_, 1);
}

TEST_F(SweeperTest, ItsEndEndsTheProcessInTheMiddleOfItsWorkAndRemovesAll) {
  const base::Fd slow = sweep_slowly();
  sweeper_.reset();
  EXPECT_EQ(removed_, 1);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
}

TEST_F(SweeperTest, WithoutItsProcessAllIsRemovedAtOnce) {
  base::Fd slow = sweep_slowly();
  const pid_t process = only_child();
  ASSERT_GT(process, 0);
  ASSERT_EQ(::kill(process, SIGKILL), 0);
  wait_until_removed(1);
  EXPECT_EQ(sweeper_->answers(), -1) << "nothing to wait for any more";
  sweep(std::move(slow));
  EXPECT_EQ(removed_, 2);
}

}  // namespace
}  // namespace cellblock::jailer
