#include "sandbox/cell_watch.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "sandbox/directory_figures.hpp"

namespace cellblock::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kShortestPause{20};
// A look may take a twentieth of the time: it is nobody's CPU time.
constexpr int kPausePerCost = 19;
constexpr std::uint64_t kMostCpuBefore = 50'000;
constexpr std::uint64_t kMostMemoryBefore = 64ULL << 20U;

}  // namespace

CellWatch::CellWatch(base::Fd wake, CellMeter meter, WatchedFiles files, CellLedger& ledger)
    : wake_(std::move(wake)), meter_(std::move(meter)), files_(std::move(files)), ledger_(&ledger) {}

void CellWatch::start() {
  std::uint64_t count = 0;
  if (::read(wake_.get(), &count, sizeof(count)) != static_cast<ssize_t>(sizeof(count))) return;
  started_ = true;
  next_ = Clock::now();
}

int CellWatch::wait_ms() const {
  if (!started_) return -1;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next_ - Clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

bool CellWatch::look_if_due() {
  if (!started_ || Clock::now() < next_) return true;
  const auto began = Clock::now();
  const auto seen = meter_.look();
  if (!seen) return false;
  const CellFigures& figures = *seen;
  const std::uint64_t files = file_bytes();
  const bool endless = files == std::numeric_limits<std::uint64_t>::max();
  // The first look may come late, so what it takes for the time before is bounded.
  if (!before_)
    before_ = {std::min(figures.cpu_us, kMostCpuBefore), std::min(figures.memory_bytes, kMostMemoryBefore)};
  const std::uint64_t memory = figures.memory_bytes - std::min(figures.memory_bytes, before_->memory_bytes);
  ledger_->note_use(figures.cpu_us - before_->cpu_us, endless ? files : memory + files, figures.processes);
  const auto cost = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  next_ = Clock::now() + std::max(kShortestPause, cost * kPausePerCost);
  return true;
}

std::uint64_t CellWatch::file_bytes() const {
  std::uint64_t bytes = 0;
  for (const std::string& path : files_.file_systems) {
    struct statvfs about {};
    if (::statvfs(path.c_str(), &about) == 0) bytes += (about.f_blocks - about.f_bfree) * about.f_frsize;
  }
  if (files_.directory.empty()) return bytes;
  const DirectoryFigures found = measure_directory(files_.directory, files_.most_entries);
  return found.entries > files_.most_entries ? std::numeric_limits<std::uint64_t>::max()
                                             : bytes + found.bytes;
}

}  // namespace cellblock::sandbox
