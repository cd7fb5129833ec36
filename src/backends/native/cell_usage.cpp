#include "backends/native/cell_usage.hpp"

#include <unistd.h>

#include <algorithm>

#include "sandbox/cell_ledger.hpp"
#include "sandbox/cgroup.hpp"

namespace cellblock::backends::native {
namespace {

std::uint64_t above(std::uint64_t value, std::uint64_t before) {
  return value - std::min(value, before);
}

// Of a ledger that can't be read, nothing is known.
sandbox::CellLedger ledger_or_nothing(int file) {
  return sandbox::read_ledger(file).value_or(sandbox::CellLedger{});
}

}  // namespace

void CellUsage::take_files(std::vector<base::Fd> files, int ledger) {
  files_ = std::move(files);
  ledger_ = ledger;
}

std::uint64_t CellUsage::cpu_counter_us() const {
  if (measured()) return ledger_or_nothing(ledger_).cpu_us;
  return files_.size() == 2 ? sandbox::read_cpu_us(files_[1].get()) : 0;
}

std::uint64_t CellUsage::peak_bytes() const {
  if (measured()) return ledger_or_nothing(ledger_).memory_peak_bytes;
  return files_.size() == 2 ? sandbox::read_peak_bytes(files_[0].get()) : 0;
}

std::uint64_t CellUsage::memory_bytes() const {
  return measured() ? ledger_or_nothing(ledger_).memory_bytes : 0;
}

void CellUsage::start() {
  memory_before_ = peak_bytes();
  cpu_before_us_ = cpu_counter_us();
  started_ = std::chrono::steady_clock::now();
  const std::uint64_t one = 1;
  // An eventfd takes it without waiting. If it is refused, limits of single processes are left.
  if (measured()) static_cast<void>(::write(files_[0].get(), &one, sizeof(one)) < 0);
}

engine::Usage CellUsage::now() const {
  return final(peak_bytes(), static_cast<std::uint64_t>(cpu().count()));
}

engine::Usage CellUsage::final(std::uint64_t peak_bytes, std::uint64_t cpu_us) const {
  // The kernel's last word is none where no cgroup counted.
  if (measured()) peak_bytes = this->peak_bytes();
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - started_;
  return {wall.count(), static_cast<double>(cpu_us) / 1000, above(peak_bytes, memory_before_) / 1024};
}

std::chrono::microseconds CellUsage::cpu() const {
  return std::chrono::microseconds(cpu_since_start(cpu_counter_us()));
}

std::uint64_t CellUsage::cpu_since_start(std::uint64_t counter_us) const {
  return above(counter_us, cpu_before_us_);
}

}  // namespace cellblock::backends::native
