#include "service/request_files.hpp"

#include <algorithm>
#include <set>

#include "base/base64.hpp"
#include "base/relative_path.hpp"
#include "protocol/files_frame.hpp"

namespace cellblock::service {
namespace {

std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MB";
}

}  // namespace

Parsed<void> RequestFiles::add(const RequestFile& entry) {
  const std::string number = "Field 'files[" + std::to_string(files_.size()) + "]'";
  if (files_.size() == protocol::kMaxFiles) {
    return invalid_request("Field 'files' has more than " + std::to_string(protocol::kMaxFiles) + " entries");
  }
  if (!entry.path) return invalid_request(number + " has no 'path'");
  if (const auto fault = base::fault_of_path(*entry.path); !fault.empty()) {
    return invalid_request(number + ": path '" + shown(*entry.path) + "' " + std::string(fault));
  }
  if (entry.text.has_value() == entry.base64.has_value()) {
    return invalid_request(number + " must have either 'content' or 'content_base64'");
  }
  engine::File file{std::string(*entry.path), {}};
  // Not decoded before it is known to fit.
  const std::uint64_t least = entry.text ? entry.text->size() : entry.base64->size() / 4 * 3;
  if (least <= room_ + 2) {
    auto content = entry.text ? std::optional(std::string(*entry.text)) : base::from_base64(*entry.base64);
    if (!content) return invalid_request(number + ": 'content_base64' is not valid base64");
    file.content = std::move(*content);
  }
  if (least > room_ + 2 || file.content.size() > room_) {
    return invalid_request("The files have more than " + megabytes(limit_) +
                           " together, the limit 'files-mb'");
  }
  room_ -= file.content.size();
  files_.push_back(std::move(file));
  return {};
}

Parsed<std::vector<engine::File>> RequestFiles::take() && {
  std::set<std::string_view> places;
  for (const engine::File& file : files_) {
    if (!places.insert(file.path).second) {
      return invalid_request("Field 'files' has two entries for '" + shown(file.path) + "'");
    }
  }
  for (const engine::File& file : files_) {
    const std::string_view path = file.path;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      if (places.contains(path.substr(0, slash))) {
        return invalid_request("Field 'files': '" + shown(path.substr(0, slash)) +
                               "' can't be both a file and the folder of another");
      }
    }
    if (path == "output")
      return invalid_request("Field 'files': 'output' is the folder for what the script leaves");
  }
  return std::move(files_);
}

}  // namespace cellblock::service
