// The file accesses that a script was refused, as its own interpreter sees them: bounded, and cheap for all
// that is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/outcome_frame.hpp"

namespace cellblock::runner {

class FileDenials {
 public:
  // Of an error that a call on `path` ended with. Relative paths are looked at from the working directory.
  void note(int code, std::string_view path);
  [[nodiscard]] const std::vector<protocol::FileDenial>& list() const { return list_; }

 private:
  void add(protocol::FileDenial::Kind kind, std::string path);

  std::vector<protocol::FileDenial> list_;
};

// Whether an absolute path leads to what an ordinary system has and the cells' tree leaves out on purpose.
[[nodiscard]] bool is_left_out(std::string_view path);

}  // namespace cellblock::runner
