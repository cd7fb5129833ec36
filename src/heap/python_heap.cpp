#include "heap/python_heap.hpp"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "heap/allocation_names.hpp"
#include "heap/holes.hpp"
#include "heap/hot_region.hpp"
#include "heap/start_parts.hpp"

namespace cellblock::heap {
class PythonHeap::Hooks final : public StartParts {
 public:
  Hooks(const Layout& layout, bool recording) : region_(layout), recording_(recording) {}

  void install() {
    for (Domain& domain : domains_) {
      domain.hooks = this;
      PyMem_GetAllocator(domain.number, &domain.original);
      PyMemAllocatorEx hooked{&domain, allocate, allocate_zeroed, reallocate, release};
      PyMem_SetAllocator(domain.number, &hooked);
    }
    watch();
    active_ = true;
  }

  void settle() {
    active_ = false;
    unwatch();
    // What pymalloc does not know it hands to the raw domain, whose hooks stay.
    for (Domain& domain : domains_) {
      if (domain.number != PYMEM_DOMAIN_RAW) PyMem_SetAllocator(domain.number, &domain.original);
    }
  }

  void begin(std::string_view part) override { names_.begin(part); }
  [[nodiscard]] std::size_t placed() const { return region_.placed(); }
  [[nodiscard]] const LiveObjects& live() const { return live_; }

 private:
  struct Domain {
    PyMemAllocatorDomain number = PYMEM_DOMAIN_RAW;
    Hooks* hooks = nullptr;
    PyMemAllocatorEx original{};

    // Called for every block that is asked for, or the names of later ones would differ.
    [[nodiscard]] std::uint64_t name(std::size_t size) const {
      return hooks->active_ && number != PYMEM_DOMAIN_RAW ? hooks->names_.next(size) : 0;
    }
    [[nodiscard]] void* place(std::uint64_t name, std::size_t size) const {
      return name != 0 && !hooks->recording_ ? hooks->region_.place(name, size) : nullptr;
    }
    void* note(void* address, std::uint64_t name, std::size_t size) const {
      if (name != 0 && address != nullptr && hooks->recording_) {
        hooks->live_[reinterpret_cast<std::uintptr_t>(address)] = {name, static_cast<std::uint32_t>(size)};
      }
      return address;
    }
    void forget(void* address) const {
      if (hooks->active_ && hooks->recording_) hooks->live_.erase(reinterpret_cast<std::uintptr_t>(address));
    }
  };

  static void* allocate(void* context, std::size_t size) {
    const Domain& domain = *static_cast<Domain*>(context);
    const std::uint64_t name = domain.name(size);
    if (void* place = domain.place(name, size); place != nullptr) return place;
    return domain.note(domain.original.malloc(domain.original.ctx, size), name, size);
  }

  static void* allocate_zeroed(void* context, std::size_t count, std::size_t size) {
    const Domain& domain = *static_cast<Domain*>(context);
    // Too many are left to the allocator, which refuses them.
    const std::size_t bytes = size != 0 && count > kLargestPlaced / size ? kLargestPlaced + 1 : count * size;
    const std::uint64_t name = domain.name(bytes);
    if (void* place = domain.place(name, bytes); place != nullptr) return place;
    return domain.note(domain.original.calloc(domain.original.ctx, count, size), name, bytes);
  }

  static void* reallocate(void* context, void* old, std::size_t size) {
    if (old == nullptr) return allocate(context, size);
    const Domain& domain = *static_cast<Domain*>(context);
    const std::uint64_t name = domain.name(size);
    const PyMemAllocatorEx& original = domain.original;
    if (domain.hooks->region_.contains(old)) {
      const std::size_t had = domain.hooks->region_.size_of(old);
      if (size <= had) return old;
      void* larger = original.malloc(original.ctx, size);
      if (larger != nullptr) std::memcpy(larger, old, had);
      return domain.note(larger, name, size);
    }
    domain.forget(old);
    void* resized = original.realloc(original.ctx, old, size);
    void* place = resized != nullptr ? domain.place(name, size) : nullptr;
    if (place == nullptr) return domain.note(resized, name, size);
    std::memcpy(place, resized, size);
    original.free(original.ctx, resized);
    return place;
  }

  static void release(void* context, void* address) {
    const Domain& domain = *static_cast<Domain*>(context);
    // Not given out again: a place is for one object.
    if (domain.hooks->region_.contains(address)) return;
    domain.forget(address);
    domain.original.free(domain.original.ctx, address);
  }

  HotRegion region_;
  const bool recording_;
  bool active_ = false;
  AllocationNames names_;
  LiveObjects live_;
  std::array<Domain, 3> domains_ = {{{PYMEM_DOMAIN_RAW}, {PYMEM_DOMAIN_MEM}, {PYMEM_DOMAIN_OBJ}}};
};

PythonHeap::PythonHeap(std::unique_ptr<Hooks> hooks) : hooks_(std::move(hooks)) {}

// The interpreter goes on using them, to the end of the process.
PythonHeap::~PythonHeap() {
  static_cast<void>(hooks_.release());
}

std::unique_ptr<PythonHeap> PythonHeap::placing(const Layout& layout) {
  auto hooks = layout.empty() ? nullptr : std::make_unique<Hooks>(layout, false);
  return std::unique_ptr<PythonHeap>(new PythonHeap(std::move(hooks)));
}

std::unique_ptr<PythonHeap> PythonHeap::recording() {
  return std::unique_ptr<PythonHeap>(new PythonHeap(std::make_unique<Hooks>(Layout{}, true)));
}

void PythonHeap::install() {
  if (hooks_) hooks_->install();
}

void PythonHeap::settle() {
  if (!hooks_) return;
  hooks_->settle();
  fill_pymalloc_holes();
  fill_libc_holes();
}

std::size_t PythonHeap::placed() const {
  return hooks_ ? hooks_->placed() : 0;
}

const LiveObjects& PythonHeap::live() const {
  static const LiveObjects kNone;
  return hooks_ ? hooks_->live() : kNone;
}

}  // namespace cellblock::heap
