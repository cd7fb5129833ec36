#include "zygote/huge_code.hpp"

#include <link.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace cellblock::zygote {
namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr std::uintptr_t kHuge = std::uintptr_t{2} << 20U;
constexpr int kCollapse = 25;  // MADV_COLLAPSE, of Linux 6.1; glibc 2.36 has no name for it

void* at(std::uintptr_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells addresses as numbers
  return reinterpret_cast<void*>(address);
}

std::uintptr_t up(std::uintptr_t value, std::uintptr_t step) {
  return (value + step - 1) / step * step;
}

void collapse(std::uintptr_t begin, std::size_t bytes) {
  const std::uintptr_t end = up(begin + bytes, kPage);
  const std::uintptr_t huge_end = up(end, kHuge);
  // The last huge page must be mapped to its end. What comes in are further bytes of the program's own file;
  // the next segment begins behind them, else the kernel refuses.
  ::mremap(at(begin), end - begin, huge_end - begin, 0);
  // One at a time: each that succeeds is a gain.
  for (std::uintptr_t page = begin; page < huge_end; page += kHuge) {
    // Now, and not when the kernel's own scan comes by, which for most hosts is never.
    ::madvise(at(page), kHuge, kCollapse);
  }
}

int look_at(dl_phdr_info* program, std::size_t /*size*/, void* /*nothing*/) {
  for (int index = 0; index < program->dlpi_phnum; ++index) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[index];
    const std::uintptr_t begin = program->dlpi_addr + segment.p_vaddr;
    const bool unchanging = segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0;
    // The headers are small and hardly looked at.
    if (unchanging && segment.p_memsz > kHuge / 2 && begin % kHuge == 0) collapse(begin, segment.p_memsz);
  }
  return 1;  // the program itself comes first; its libraries are too small
}

}  // namespace

void use_huge_pages_for_code() {
  ::dl_iterate_phdr(look_at, nullptr);
}

}  // namespace cellblock::zygote
