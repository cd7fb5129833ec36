#include "jailer/slots.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace cellblock::jailer {
namespace {

// What the kernel would have to say, and what it was told.
struct Kernel {
  int made = 0;
  bool makes = true;
  bool limits = true;
  bool recycles = true;
  bool leaves = false;
  int removed = 0;  // remains
  std::map<std::uint32_t, sandbox::CgroupLimits> set;
};

base::Result<void> ok_if(bool works) {
  if (!works) return tl::make_unexpected(base::Error{"write a limit", EBUSY, {}});
  return {};
}

class FakeRemains final : public sandbox::CgroupRemains {
 public:
  explicit FakeRemains(Kernel& kernel) : kernel_(&kernel) {}
  ~FakeRemains() override { ++kernel_->removed; }
  [[nodiscard]] int emptier() const override { return -1; }

 private:
  Kernel* kernel_;
};

class FakeSlot final : public sandbox::CgroupSlot {
 public:
  FakeSlot(Kernel& kernel, std::uint32_t index) : kernel_(&kernel), index_(index) {}

  [[nodiscard]] std::vector<int> procs() const override { return {}; }
  [[nodiscard]] std::vector<int> usage_files() const override { return {}; }
  base::Result<void> set_limits(const sandbox::CgroupLimits& limits) override {
    kernel_->set[index_] = limits;
    return ok_if(kernel_->limits);
  }
  [[nodiscard]] sandbox::CgroupUsage usage() const override { return {}; }
  base::Result<std::unique_ptr<sandbox::CgroupRemains>> recycle() override {
    if (auto done = ok_if(kernel_->recycles); !done) return tl::make_unexpected(done.error());
    return kernel_->leaves ? std::make_unique<FakeRemains>(*kernel_) : nullptr;
  }

 private:
  Kernel* kernel_;
  std::uint32_t index_;
};

class FakeTree final : public sandbox::CgroupTree {
 public:
  explicit FakeTree(Kernel& kernel) : kernel_(&kernel) {}

  [[nodiscard]] std::string means() const override { return "fake"; }
  base::Result<std::unique_ptr<sandbox::CgroupSlot>> make_slot(std::uint32_t index) override {
    if (!kernel_->makes) return tl::make_unexpected(base::Error{"make a cgroup", ENOSPC, {}});
    ++kernel_->made;
    return std::unique_ptr<sandbox::CgroupSlot>(std::make_unique<FakeSlot>(*kernel_, index));
  }

 private:
  Kernel* kernel_;
};

class SlotsTest : public testing::Test {
 protected:
  SlotsTest() {
    spec_.slots = 2;
    spec_.memory_bytes = 7;
    spec_.processes = 5;
    spec_.cpu_percent = 50;
  }

  Kernel kernel_;
  FakeTree tree_{kernel_};
  sandbox::JailSpec spec_;
};

TEST_F(SlotsTest, GivesEachNumberOnceAndThenNone) {
  Slots slots(spec_, tree_, nullptr);
  std::set<std::uint32_t> taken;
  for (std::uint32_t count = 0; count < spec_.slots; ++count) taken.insert(slots.take().value().value());
  EXPECT_EQ(taken, (std::set<std::uint32_t>{0, 1}));
  EXPECT_FALSE(slots.take().value().has_value());
  slots.give_back(1);
  EXPECT_EQ(slots.take().value(), 1U);
}

TEST_F(SlotsTest, TheNextTenantHasTheDefaultLimitsAgain) {
  Slots slots(spec_, tree_, nullptr);
  const std::uint32_t slot = slots.take().value().value();
  ASSERT_TRUE(slots.cgroup(slot).set_limits({1, 1, 1}));
  slots.give_back(slot);
  EXPECT_EQ(slots.take().value(), slot);
  EXPECT_EQ(kernel_.set[slot], (sandbox::CgroupLimits{7, 5, 50}));
  EXPECT_EQ(kernel_.made, 1);
}

TEST_F(SlotsTest, ACgroupThatCantBeMadeLeavesItsSlotFree) {
  Slots slots(spec_, tree_, nullptr);
  kernel_.makes = false;
  for (std::uint32_t count = 0; count <= spec_.slots; ++count) EXPECT_EQ(slots.take().error().code, ENOSPC);
  kernel_.makes = true;
  EXPECT_EQ(slots.take().value(), 0U);
}

TEST_F(SlotsTest, NoTenantWithoutItsLimits) {
  Slots slots(spec_, tree_, nullptr);
  kernel_.limits = false;
  EXPECT_EQ(slots.take().error().code, EBUSY);
  kernel_.limits = true;
  EXPECT_EQ(slots.take().value(), 0U);
  EXPECT_EQ(kernel_.made, 2) << "the directory may have been removed: made anew";
}

TEST_F(SlotsTest, ACgroupThatCantBeRecycledIsMadeAnew) {
  Slots slots(spec_, tree_, nullptr);
  const std::uint32_t slot = slots.take().value().value();
  kernel_.recycles = false;
  slots.give_back(slot);
  EXPECT_EQ(slots.take().value(), slot);
  EXPECT_EQ(kernel_.made, 2);
}

TEST_F(SlotsTest, WhatATenantLeavesKeepsNoSlotBusy) {
  Slots slots(spec_, tree_, nullptr);
  kernel_.leaves = true;
  for (int tenant = 0; tenant < 3; ++tenant) {
    const std::uint32_t slot = slots.take().value().value();
    EXPECT_EQ(slot, 0U);
    slots.give_back(slot);
  }
  EXPECT_EQ(kernel_.removed, 3) << "without a sweeper at once";
}

}  // namespace
}  // namespace cellblock::jailer
