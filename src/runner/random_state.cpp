#include "runner/random_state.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>

namespace cellblock::runner {
namespace {

// As in numpy's C interface (numpy/random/bitgen.h): what the capsule "BitGenerator" points to begins with
// a pointer to the generator's own state.
struct BitGenerator {
  void* state;
};

// The state of numpy's MT19937: the words, then how many have been used.
constexpr std::size_t kWords = 624;
struct MersenneTwister {
  std::array<std::uint32_t, kWords> words;
  int position;
};

bool fill(void* memory, std::size_t size) {
  // getrandom never gives less than asked for up to 256 bytes, so larger requests are repeated.
  auto* bytes = static_cast<unsigned char*>(memory);
  while (size > 0) {
    const ssize_t count = ::getrandom(bytes, size, 0);
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

bool RandomState::find() {
  python_generator_ = loaded_attribute("random", "_inst");
  // Python's subclass only adds bookkeeping around this method, and its code would be one more page to copy.
  python_seed_ = attribute(loaded_attribute("_random", "Random"), "seed");
  // random.gauss makes two numbers at a time and keeps one.
  if (python_generator_) PyObject_SetAttrString(python_generator_.get(), "gauss_next", Py_None);
  const PyRef numpy_global = loaded_attribute("numpy.random.mtrand", "_rand");
  if (!numpy_global) return true;
  // So does numpy's, and forgets it when it is seeded.
  const PyRef seeded(PyObject_CallMethod(numpy_global.get(), "seed", nullptr));
  const PyRef twister = attribute(numpy_global, "_bit_generator");
  const PyRef kind = attribute(PyRef(twister ? PyObject_Type(twister.get()) : nullptr), "__name__");
  if (!kind || PyUnicode_CompareWithASCIIString(kind.get(), "MT19937") != 0) return false;
  numpy_capsule_ = attribute(twister, "capsule");
  if (!seeded || !numpy_capsule_) return false;
  auto* generator = static_cast<BitGenerator*>(PyCapsule_GetPointer(numpy_capsule_.get(), "BitGenerator"));
  if (generator == nullptr) {
    PyErr_Clear();
    return false;
  }
  numpy_state_ = generator->state;
  return true;
}

bool RandomState::renew() {
  if (python_generator_ && python_seed_) {
    const PyRef done(PyObject_CallOneArg(python_seed_.get(), python_generator_.get()));
    if (!done) return false;
  }
  if (numpy_state_ == nullptr) return true;
  auto* twister = static_cast<MersenneTwister*>(numpy_state_);
  // Every word random is the state after 624 draws of a well-seeded twister; used up, so the first draw
  // mixes.
  twister->position = static_cast<int>(kWords);
  return fill(twister->words.data(), sizeof(twister->words));
}

}  // namespace cellblock::runner
