// Expected failures are values: every fallible function returns tl::expected<T, Error>.
#pragma once

#include <cerrno>
#include <string>

#include <tl/expected.hpp>

namespace cellblock::base {

// What went wrong, told to an operator: the object and the operation, the system's own reason where
// there is one, and a hint when the cause can be guessed.
struct Error {
  std::string what;  // object and operation: "open /sys/fs/cgroup/memory"
  int code = 0;      // errno of the failed call, 0 when no system call failed
  std::string hint;  // what to change, empty when nothing is known

  // One line: "what: reason (hint)".
  [[nodiscard]] std::string message() const;
};

template <typename T>
using Result = tl::expected<T, Error>;

// An Error for a system call that has just failed; reads errno, so call it before anything else does.
[[nodiscard]] inline tl::unexpected<Error> errno_error(std::string what, std::string hint = {}) {
  const int code = errno;
  return tl::make_unexpected(Error{std::move(what), code, std::move(hint)});
}

[[nodiscard]] inline tl::unexpected<Error> make_error(std::string what, std::string hint = {}) {
  return tl::make_unexpected(Error{std::move(what), 0, std::move(hint)});
}

}  // namespace cellblock::base
