// The `files` array of a request: what is to be in the working directory before the script runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/execution.hpp"
#include "service/request_fault.hpp"

namespace cellblock::service {

// One entry as it was read. Exactly one of the two contents is given, or the entry is at fault.
struct RequestFile {
  std::optional<std::string_view> path;
  std::optional<std::string_view> text;
  std::optional<std::string_view> base64;
};

// Collects the entries of one request and checks each: plain paths, no two for one place, no file where
// another needs a folder, valid base64, no more and no larger ones than allowed.
class RequestFiles {
 public:
  explicit RequestFiles(std::uint64_t bytes_limit) : room_(bytes_limit), limit_(bytes_limit) {}

  Parsed<void> add(const RequestFile& entry);
  // To be asked once all are there.
  Parsed<std::vector<engine::File>> take() &&;

 private:
  std::uint64_t room_;
  std::uint64_t limit_;
  std::vector<engine::File> files_;
};

}  // namespace cellblock::service
