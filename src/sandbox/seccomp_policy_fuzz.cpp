// The reader of the seccomp policy, and the compiler for what it has let pass.
#include <cstdint>
#include <string_view>

#include "sandbox/seccomp_policy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto rules = cellblock::sandbox::parse_seccomp_policy({reinterpret_cast<const char*>(data), size});
  // Compiling takes long, and what it can refuse shows with a few rules.
  if (rules && rules->size() < 8) static_cast<void>(cellblock::sandbox::compile_seccomp(*rules));
  return 0;
}
