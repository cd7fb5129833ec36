// Between CPython and its allocators while it starts: puts the objects of a layout side by side, or keeps a
// record of all that is alive, from which a layout is made. After settle() Python allocates as it always
// does; only what frees or resizes one of the placed objects still comes by here.
//
//   Py_PreInitialize ── install() ── Py_Initialize, imports, first runs ── settle() ── forks
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "heap/layout.hpp"

namespace cellblock::heap {

// By address.
using LiveObjects = std::map<std::uintptr_t, PlacedObject>;

class PythonHeap {
 public:
  // Does nothing with an empty layout.
  static std::unique_ptr<PythonHeap> placing(const Layout& layout);
  static std::unique_ptr<PythonHeap> recording();
  PythonHeap(const PythonHeap&) = delete;
  PythonHeap& operator=(const PythonHeap&) = delete;
  // Only after the interpreter's last moment.
  ~PythonHeap();

  // Once, with Python preinitialised and not yet initialised, and a single thread.
  void install();
  // Once; also fills the holes between the interpreter's objects, so that the objects of a script come to lie
  // on few pages. The interpreter's lock must be held.
  void settle();

  // How many objects lie where the layout wants them.
  [[nodiscard]] std::size_t placed() const;
  // What was alive at settle() when recording; empty otherwise. Objects without a name are not in it.
  [[nodiscard]] const LiveObjects& live() const;

 private:
  class Hooks;
  explicit PythonHeap(std::unique_ptr<Hooks> hooks);
  std::unique_ptr<Hooks> hooks_;
};

}  // namespace cellblock::heap
