#include "heap/holes.hpp"

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace cellblock::heap {
namespace {

// pymalloc cuts pools of this size into blocks of one size, a multiple of 16 up to 512 bytes.
constexpr std::uintptr_t kPool = 16'384;
constexpr std::size_t kBlockStep = 16;
constexpr std::size_t kLargestBlock = 512;
constexpr std::uintptr_t kPoolHeader = 48;
// Far more than the holes of one size that an interpreter has; a bound, should an allocator be another one.
constexpr int kMostHoles = 100'000;
constexpr std::size_t kSmallestChunk = 24;
constexpr std::size_t kLargestChunk = 8192;

// Where malloc cuts from when no hole fits.
const char* top_of_heap() {
  return static_cast<const char*>(::sbrk(0)) - ::mallinfo2().keepcost;
}

}  // namespace

void fill_pymalloc_holes() {
  for (std::size_t size = kBlockStep; size <= kLargestBlock; size += kBlockStep) {
    for (int hole = 0; hole < kMostHoles; ++hole) {
      void* block = PyObject_Malloc(size);
      if (block == nullptr) return;
      // The first one of a pool: there was no hole left.
      if (reinterpret_cast<std::uintptr_t>(block) % kPool == kPoolHeader) {
        PyObject_Free(block);
        break;
      }
    }
  }
}

void fill_libc_holes() {
  // Small free chunks become large ones, which cells would otherwise do, each on its own copy of the pages.
  ::malloc_trim(0);
  for (std::size_t size = kLargestChunk; size >= kSmallestChunk; size -= size > 1024 ? 512 : 16) {
    const char* top = top_of_heap();
    for (int hole = 0; hole < kMostHoles; ++hole) {
      void* block = std::malloc(size);
      if (block == nullptr) return;
      if (static_cast<const char*>(block) >= top) {
        std::free(block);
        break;
      }
    }
  }
}

}  // namespace cellblock::heap
