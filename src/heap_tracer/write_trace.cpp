#include "heap_tracer/write_trace.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace cellblock::heap_tracer {
namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr greg_t kTrapFlag = 0x100;
constexpr std::size_t kMostWrites = std::size_t{1} << 22U;
constexpr std::size_t kSeenBits = std::size_t{1} << 26U;
// One instruction writes to two pages at most; those that repeat trap in between.
constexpr std::size_t kMostOpen = 8;

// Shared with the child; all of it is zero at first.
struct Trace {
  Trace() = delete;  // only ever mapped

  std::size_t count;
  std::size_t ranges_count;
  std::size_t open_count;
  std::array<MemoryRange, 4096> ranges;
  std::array<std::uintptr_t, kMostOpen> open;
  std::array<std::uint8_t, kSeenBits / 8> seen;
  std::array<std::uintptr_t, kMostWrites> writes;
};

// A signal handler is given nothing of its own.
Trace* tracing = nullptr;

void* at(std::uintptr_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel tells addresses as numbers
  return reinterpret_cast<void*>(address);
}

void set_protection(std::uintptr_t page, int protection) {
  ::mprotect(at(page), kPage, protection);
}

bool tracked(std::uintptr_t address) {
  return std::any_of(
      tracing->ranges.begin(), tracing->ranges.begin() + static_cast<std::ptrdiff_t>(tracing->ranges_count),
      [address](const MemoryRange& range) { return address >= range.begin && address < range.end; });
}

// By a hash of so many bits that hardly two words fall together; one that does is missing in the trace.
bool first_time(std::uintptr_t address) {
  const std::uint64_t bit = (address / 8 * 0x9E3779B97F4A7C15U) >> 38U;
  std::uint8_t& byte = tracing->seen[bit / 8];
  const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
  const bool first = (byte & mask) == 0;
  byte = static_cast<std::uint8_t>(byte | mask);
  return first;
}

// Notes the write, lets it happen, and has the processor stop after it.
void on_write(int /*signal*/, siginfo_t* info, void* context) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (!tracked(address) || tracing->open_count == kMostOpen) {
    ::signal(SIGSEGV, SIG_DFL);
    return;
  }
  if (first_time(address) && tracing->count < kMostWrites) tracing->writes[tracing->count++] = address;
  const std::uintptr_t page = address / kPage * kPage;
  tracing->open[tracing->open_count++] = page;
  set_protection(page, PROT_READ | PROT_WRITE);
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
}

void after_write(int /*signal*/, siginfo_t* /*info*/, void* context) {
  while (tracing->open_count > 0) set_protection(tracing->open[--tracing->open_count], PROT_READ);
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
}

// The kernel writes to the thread's own area (restartable sequences) whenever the thread is scheduled, and
// ends a process that does not let it. The area may share a mapping with the heap.
void leave_out_thread_area(std::vector<MemoryRange>& ranges) {
  const auto area = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer()) / kPage * kPage;
  const MemoryRange hole{area, area + 2 * kPage};
  std::vector<MemoryRange> parts;
  for (const MemoryRange& range : ranges) {
    const MemoryRange below{range.begin, std::min(range.end, hole.begin)};
    const MemoryRange above{std::max(range.begin, hole.end), range.end};
    for (const MemoryRange& part : {below, above}) {
      if (part.begin < part.end) parts.push_back(part);
    }
  }
  ranges = std::move(parts);
}

[[noreturn]] void run_traced(const std::function<bool()>& prepare, const std::function<bool()>& work) {
  if (!prepare()) ::_exit(3);
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  action.sa_sigaction = on_write;
  ::sigaction(SIGSEGV, &action, nullptr);
  action.sa_sigaction = after_write;
  ::sigaction(SIGTRAP, &action, nullptr);
  for (std::size_t index = 0; index < tracing->ranges_count; ++index) {
    const MemoryRange& range = tracing->ranges[index];
    if (::mprotect(at(range.begin), range.end - range.begin, PROT_READ) != 0) ::_exit(2);
  }
  ::_exit(work() ? 0 : 1);
}

}  // namespace

base::Result<std::vector<MemoryRange>> writable_ranges_with(const std::set<std::uintptr_t>& inside) {
  std::ifstream maps("/proc/self/maps");
  if (!maps) return base::make_error("open /proc/self/maps");
  std::vector<MemoryRange> ranges;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    MemoryRange range;
    char dash = 0;
    std::string permissions;
    std::string offset;
    std::string device;
    std::string inode;
    std::string name;
    fields >> std::hex >> range.begin >> dash >> range.end >> permissions >> offset >> device >> inode >>
        name;
    const auto first = inside.lower_bound(range.begin);
    const bool wanted = first != inside.end() && *first < range.end;
    if (wanted && permissions == "rw-p" && (name.empty() || name == "[heap]")) ranges.push_back(range);
  }
  leave_out_thread_area(ranges);
  return ranges;
}

base::Result<std::vector<std::uintptr_t>> trace_writes(const std::vector<MemoryRange>& ranges,
                                                       const std::function<bool()>& prepare,
                                                       const std::function<bool()>& work) {
  void* memory = ::mmap(nullptr, sizeof(Trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return base::errno_error("map memory for the trace");
  tracing = static_cast<Trace*>(memory);
  tracing->ranges_count = std::min(ranges.size(), tracing->ranges.size());
  std::copy_n(ranges.begin(), tracing->ranges_count, tracing->ranges.begin());
  const pid_t child = ::fork();
  if (child == 0) run_traced(prepare, work);
  int status = -1;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::vector<std::uintptr_t> writes(tracing->writes.begin(),
                                     tracing->writes.begin() + static_cast<std::ptrdiff_t>(tracing->count));
  ::munmap(memory, sizeof(Trace));
  tracing = nullptr;
  if (status != 0)
    return base::make_error("the traced work ended with wait status " + std::to_string(status));
  return writes;
}

}  // namespace cellblock::heap_tracer
