// One captured stream of a script: keeps the first bytes, counts and drops the rest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cellblock::backends::native {

class OutputCapture {
 public:
  explicit OutputCapture(std::uint64_t limit) : limit_(limit) {}

  // Returns what of it was kept.
  std::string_view add(std::string_view bytes);
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::uint64_t capacity() const { return kept_.capacity(); }
  [[nodiscard]] bool truncated() const { return total_ > kept_.size(); }
  // What was kept, as valid UTF-8 that is not cut within a character. Leaves this object empty.
  [[nodiscard]] std::string take_text();

 private:
  std::uint64_t limit_;
  std::uint64_t total_ = 0;
  std::string kept_;
};

}  // namespace cellblock::backends::native
