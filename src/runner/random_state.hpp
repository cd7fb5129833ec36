// The random generators that a fork copies. Private to this folder.
#pragma once

#include "runner/py_ref.hpp"

namespace cellblock::runner {

class RandomState {
 public:
  // In the zygote, once all modules are imported: finds the generators that live in it and drops what
  // they have drawn ahead. False for a generator that renew() would not know how to reseed.
  [[nodiscard]] bool find();
  // In a cell: gives each a state of its own from the kernel. False when one could not be reseeded.
  [[nodiscard]] bool renew();

 private:
  PyRef python_seed_;            // _random.Random.seed, the C method
  PyRef python_generator_;       // random._inst
  PyRef numpy_capsule_;          // keeps the generator's memory alive
  void* numpy_state_ = nullptr;  // of numpy's global Mersenne twister
};

}  // namespace cellblock::runner
