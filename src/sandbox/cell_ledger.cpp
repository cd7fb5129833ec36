#include "sandbox/cell_ledger.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <new>

namespace cellblock::sandbox {
namespace {

// Plain numbers in the struct keep it readable with pread; stores are atomic, so that no reader sees a half.
template <typename Number>
void store(Number& place, Number value) {
  std::atomic_ref<Number>(place).store(value, std::memory_order_release);
}

}  // namespace

void CellLedger::note_use(std::uint64_t cpu, std::uint64_t memory, std::uint64_t processes_now) {
  store(cpu_us, cpu);
  store(memory_bytes, memory);
  store(memory_peak_bytes, std::max(memory_peak_bytes, memory));
  store(processes, processes_now);
}

void CellLedger::add_refusal(std::size_t kind) {
  if (refused[kind] != std::numeric_limits<std::uint32_t>::max()) store(refused[kind], refused[kind] + 1);
  store(refused_calls, refused_calls + 1);
}

void CellLedger::take_back_refusal(std::size_t kind) {
  if (refused[kind] != std::numeric_limits<std::uint32_t>::max()) store(refused[kind], refused[kind] - 1);
  store(refused_calls, refused_calls - 1);
}

base::Result<base::Fd> make_ledger() {
  base::Fd file(::memfd_create("ledger", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid() || ::ftruncate(file.get(), kLedgerBytes) != 0) {
    return base::errno_error("create a memory file for a cell's account");
  }
  // A reader's page could otherwise be cut away under it.
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return base::errno_error("seal the size of a cell's account");
  }
  return file;
}

CellLedger* map_ledger(int file) {
  void* page = ::mmap(nullptr, kLedgerBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return page == MAP_FAILED ? nullptr : static_cast<CellLedger*>(page);
}

std::optional<std::uint64_t> read_refused_calls(int file) {
  std::uint64_t count = 0;
  if (::pread(file, &count, sizeof(count), 0) != static_cast<ssize_t>(sizeof(count))) return std::nullopt;
  return count;
}

std::optional<CellLedger> read_ledger(int file) {
  CellLedger ledger;
  if (::pread(file, &ledger, sizeof(ledger), 0) != static_cast<ssize_t>(sizeof(ledger))) return std::nullopt;
  return ledger;
}

}  // namespace cellblock::sandbox
