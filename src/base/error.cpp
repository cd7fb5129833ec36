#include "base/error.hpp"

#include <system_error>

namespace cellblock::base {

std::string Error::message() const {
  std::string text = what;
  if (code != 0) text += ": " + std::generic_category().message(code);
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

}  // namespace cellblock::base
