// Against the kernel, with whichever version this host has. Both versions have to pass the same tests.
#include "sandbox/cgroup.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/fd.hpp"

namespace cellblock::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMebibyte = 1ULL << 20U;
constexpr CgroupLimits kLimits{64 * kMebibyte, 16, 100};

class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = make_cgroup_tree(std::to_string(::getpid()) + "-test", "");
    if (!made) GTEST_SKIP() << "no cgroups to work with here: " << made.error().message();
    tree_ = std::move(*made);
    auto slot = tree_->make_slot(0);
    ASSERT_TRUE(slot) << slot.error().message();
    slot_ = std::move(*slot);
    limit(kLimits);
  }

  void limit(const CgroupLimits& limits) {
    const auto done = slot_->set_limits(limits);
    ASSERT_TRUE(done) << done.error().message();
  }

  void recycle() {
    auto done = slot_->recycle();
    ASSERT_TRUE(done) << done.error().message();
    remains_ = std::move(*done);
    limit(kLimits);
  }

  pid_t start(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    for (const int procs : slot_->procs()) {
      if (::write(procs, "0", 1) != 1) ::_exit(99);
    }
    ::_exit(body());
  }

  // Runs `body` in a process in the slot; what it returns is the exit code.
  int status_of(const std::function<int()>& body) {
    const pid_t pid = start(body);
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
  }

  int code_of(const std::function<int()>& body) {
    const int status = status_of(body);
    EXPECT_TRUE(WIFEXITED(status)) << status;
    return WEXITSTATUS(status);
  }

  // Outlives the slot, which is made in it.
  std::unique_ptr<CgroupTree> tree_;
  std::unique_ptr<CgroupSlot> slot_;
  std::unique_ptr<CgroupRemains> remains_;  // of the last tenant but one
};

int touch(std::uint64_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return 1;
  std::memset(memory, 1, bytes);
  return 0;
}

int children_until_refused() {
  std::vector<pid_t> children;
  for (int count = 0; count < 64; ++count) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
    if (pid < 0) break;
    children.push_back(pid);
  }
  for (const pid_t pid : children) ::kill(pid, SIGKILL);
  for (const pid_t pid : children) ::waitpid(pid, nullptr, 0);
  return static_cast<int>(children.size());
}

// A file without a name, which keeps its page cache as long as the descriptor is open.
base::Fd new_file() {
  std::array<char, 16> name = {"/tmp/cb-XXXXXX"};
  base::Fd file(::mkostemp(name.data(), O_CLOEXEC));
  ::unlink(name.data());
  return file;
}

// Page cache that is charged to whoever calls this.
int fill(const base::Fd& file) {
  const std::vector<char> block(kMebibyte, 'x');
  for (int count = 0; count < 24; ++count) {
    if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size())) return 1;
  }
  return ::fsync(file.get()) == 0 ? 0 : 1;
}

std::vector<std::string> directories_like(const std::string& prefix) {
  std::vector<std::string> found;
  std::error_code error;
  auto entry = fs::recursive_directory_iterator("/sys/fs/cgroup", error);
  // Cgroups of others may go while this looks.
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().starts_with(prefix)) found.push_back(entry->path());
  }
  return found;
}

bool has_directory(pid_t service) {
  return !directories_like("cellblock-" + std::to_string(service) + "-").empty();
}

TEST_F(CgroupTest, CountsThePeakAndForgetsItForTheNextTenant) {
  EXPECT_EQ(code_of([] { return touch(32 * kMebibyte); }), 0);
  EXPECT_GE(slot_->usage().memory_peak_bytes, 32 * kMebibyte);
  EXPECT_EQ(read_peak_bytes(slot_->usage_files()[0]), slot_->usage().memory_peak_bytes);
  recycle();
  EXPECT_LT(slot_->usage().memory_peak_bytes, 8 * kMebibyte);
}

TEST_F(CgroupTest, KillsAboveTheMemoryLimitAndCountsIt) {
  EXPECT_EQ(code_of([] { return touch(48 * kMebibyte); }), 0);
  EXPECT_EQ(slot_->usage().oom_kills, 0U);
  const int status = status_of([] { return touch(80 * kMebibyte); });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  EXPECT_EQ(slot_->usage().oom_kills, 1U);
  recycle();
  EXPECT_EQ(slot_->usage().oom_kills, 0U) << "the last tenant's, not this one's";
}

TEST_F(CgroupTest, ASlotMadeAgainStartsCountingAnew) {
  status_of([] { return touch(80 * kMebibyte); });
  EXPECT_EQ(slot_->usage().oom_kills, 1U);
  // As after a failed recycle(): version 1 finds the directory there, and on version 2 a process may hold it.
  const pid_t stays = start([] { return ::raise(SIGSTOP); });
  int status = 0;
  ::waitpid(stays, &status, WUNTRACED);
  ASSERT_TRUE(WIFSTOPPED(status));
  slot_.reset();
  auto again = tree_->make_slot(0);
  ::kill(stays, SIGKILL);
  ::waitpid(stays, nullptr, 0);
  ASSERT_TRUE(again) << again.error().message();
  slot_ = std::move(*again);
  EXPECT_EQ(slot_->usage().oom_kills, 0U);
}

TEST_F(CgroupTest, RefusesProcessesAboveTheLimit) {
  EXPECT_EQ(code_of(children_until_refused), static_cast<int>(kLimits.processes) - 1);
  limit({kLimits.memory_bytes, 4, 100});
  EXPECT_EQ(code_of(children_until_refused), 3);
  recycle();
  EXPECT_EQ(code_of(children_until_refused), static_cast<int>(kLimits.processes) - 1);
}

TEST_F(CgroupTest, CountsAndBoundsCpuTime) {
  limit({kLimits.memory_bytes, kLimits.processes, 20});
  const std::uint64_t before = read_cpu_us(slot_->usage_files()[1]);
  code_of([] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(600);
    while (std::chrono::steady_clock::now() < end) {
    }
    return 0;
  });
  const std::uint64_t used = slot_->usage().cpu_us - before;
  EXPECT_EQ(read_cpu_us(slot_->usage_files()[1]), slot_->usage().cpu_us);
  EXPECT_GT(used, 10'000U);
  // A fifth of 600 ms, and what a period may overrun.
  EXPECT_LT(used, 300'000U);
}

TEST_F(CgroupTest, NobodyPaysForThePageCacheOfTheLastTenant) {
  const base::Fd file = new_file();
  EXPECT_EQ(code_of([&] { return fill(file); }), 0);
  const std::uint64_t with_cache = slot_->usage().memory_peak_bytes;
  recycle();
  EXPECT_EQ(code_of([] { return touch(kMebibyte); }), 0);
  EXPECT_LT(slot_->usage().memory_peak_bytes, 16 * kMebibyte) << "before: " << with_cache;
}

TEST_F(CgroupTest, WhatATenantLeavesIsGivenBackBesideTheNextOne) {
  const base::Fd file = new_file();
  EXPECT_EQ(code_of([&] { return fill(file); }), 0);
  recycle();
  if (!tree_->leaves_remains()) GTEST_SKIP() << "version 2: nothing is left behind to be swept";
  ASSERT_NE(remains_, nullptr);
  const auto left = [] { return directories_like("left-slot-0-"); };
  ASSERT_EQ(left().size(), 1U);
  const auto charged = [&] {
    const auto text = base::read_file(AT_FDCWD, left().front() + "/memory.usage_in_bytes");
    return text ? std::stoull(*text) : 0;
  };
  EXPECT_GT(charged(), 16 * kMebibyte);
  EXPECT_EQ(::write(remains_->emptier(), "0", 1), 1);
  EXPECT_LT(charged(), 4 * kMebibyte);
  EXPECT_EQ(code_of([] { return touch(32 * kMebibyte); }), 0) << "the slot has a tenant meanwhile";
  remains_.reset();
  EXPECT_TRUE(left().empty());
  // Little is not worth it.
  recycle();
  EXPECT_EQ(remains_, nullptr);
}

TEST_F(CgroupTest, RemovesItsDirectoriesAndThoseOfTheDead) {
  const pid_t other = ::fork();
  if (other == 0) {
    // A service that is killed: its end runs no destructor.
    auto tree = make_cgroup_tree(std::to_string(::getpid()) + "-killed", "");
    if (!tree || !(*tree)->make_slot(3).map([](auto slot) { static_cast<void>(slot.release()); })) ::_exit(1);
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(other, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(has_directory(::getpid()));
  slot_.reset();
  tree_.reset();
  EXPECT_FALSE(has_directory(::getpid()));
  EXPECT_TRUE(has_directory(other)) << "there would be nothing to remove";
  { const auto next = make_cgroup_tree(std::to_string(::getpid()) + "-next", ""); }
  EXPECT_FALSE(has_directory(other));
}

TEST_F(CgroupTest, ARootThatCannotBeUsedIsAnErrorOnEitherVersion) {
  const auto tree = make_cgroup_tree(std::to_string(::getpid()) + "-root", "/nonexistent");
  ASSERT_FALSE(tree);
  EXPECT_NE(tree.error().message().find("/nonexistent"), std::string::npos) << tree.error().message();
}

}  // namespace
}  // namespace cellblock::sandbox
