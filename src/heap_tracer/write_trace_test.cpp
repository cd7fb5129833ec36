#include "heap_tracer/write_trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace cellblock::heap_tracer {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kBytes = 8UL * 4096;

class WriteTraceTest : public ::testing::Test {
 protected:
  WriteTraceTest()
      : memory_(static_cast<char*>(
            ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
        begin_(reinterpret_cast<std::uintptr_t>(memory_)),
        ranges_{{begin_, begin_ + kBytes}} {}
  ~WriteTraceTest() override { ::munmap(memory_, kBytes); }

  volatile char* memory() const { return memory_; }
  static bool nothing() { return true; }

  char* const memory_;
  const std::uintptr_t begin_;
  const std::vector<MemoryRange> ranges_;
};

TEST_F(WriteTraceTest, FindsEachFirstWriteInOrder) {
  const auto writes = trace_writes(ranges_, nothing, [this] {
    memory()[5000] = 1;
    memory()[16] = 1;
    memory()[5000] = 2;
    memory()[24] = memory()[16];
    return memory()[5000] == 2 && memory()[24] == 1;
  });
  ASSERT_TRUE(writes) << writes.error().message();
  EXPECT_THAT(*writes, ElementsAre(begin_ + 5000, begin_ + 16, begin_ + 24));
}

TEST_F(WriteTraceTest, SeesBothPagesOfOneWrite) {
  const auto writes = trace_writes(ranges_, nothing, [this] {
    std::uint64_t value = 1;
    std::memcpy(memory_ + 4092, &value, sizeof(value));
    return true;
  });
  ASSERT_TRUE(writes) << writes.error().message();
  EXPECT_TRUE(std::any_of(writes->begin(), writes->end(),
                          [this](std::uintptr_t write) { return write >= begin_ + 4096; }));
}

TEST_F(WriteTraceTest, LooksAtTheWorkOnly) {
  const auto prepare = [this] {
    memory()[64] = 1;
    return true;
  };
  const auto writes = trace_writes(ranges_, prepare, [this] { return memory()[64] == 1; });
  ASSERT_TRUE(writes) << writes.error().message();
  EXPECT_TRUE(writes->empty());
}

TEST_F(WriteTraceTest, LeavesTheProcessAsItWas) {
  ASSERT_TRUE(trace_writes(ranges_, nothing, [this] { return memory()[0] = 7, true; }));
  EXPECT_EQ(memory()[0], 0);
  memory()[0] = 1;
}

TEST_F(WriteTraceTest, WorkThatFailsOrCrashesIsAnError) {
  EXPECT_FALSE(trace_writes(ranges_, nothing, [] { return false; }));
  EXPECT_FALSE(trace_writes(
      ranges_, [] { return false; }, nothing));
  EXPECT_FALSE(trace_writes(ranges_, nothing, [] {
    *static_cast<volatile char*>(nullptr) = 1;
    return true;
  }));
}

TEST_F(WriteTraceTest, TakesMemoryThatHoldsWhatIsAskedForAndLeavesOutTheThreadsOwn) {
  const auto ranges = writable_ranges_with({begin_ + 100});
  ASSERT_TRUE(ranges) << ranges.error().message();
  const auto contains = [&ranges](std::uintptr_t address) {
    return std::any_of(ranges->begin(), ranges->end(), [address](const MemoryRange& range) {
      return address >= range.begin && address < range.end;
    });
  };
  EXPECT_TRUE(contains(begin_));
  EXPECT_FALSE(contains(reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer())));
  EXPECT_TRUE(writable_ranges_with({})->empty());
}

}  // namespace
}  // namespace cellblock::heap_tracer
