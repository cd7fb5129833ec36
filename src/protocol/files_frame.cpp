#include "protocol/files_frame.hpp"

#include "protocol/frame.hpp"

namespace cellblock::protocol {

std::string encode_files(const std::vector<CellFile>& files) {
  std::size_t size = 0;
  for (const CellFile& file : files) size += file.path.size() + file.content.size() + 16;
  std::string payload;
  payload.reserve(size);
  for (const CellFile& file : files) {
    payload.push_back(static_cast<char>(file.state));
    append_segment(payload, file.path);
    append_segment(payload, file.content);
  }
  return payload;
}

std::optional<std::vector<CellFile>> decode_files(std::string_view payload) {
  std::vector<CellFile> files;
  while (!payload.empty()) {
    if (files.size() == 2 * kMaxFiles) return std::nullopt;
    const auto state = static_cast<std::uint8_t>(payload.front());
    payload.remove_prefix(1);
    const auto path = take_segment(payload);
    const auto content = path ? take_segment(payload) : std::nullopt;
    if (!content || state > static_cast<std::uint8_t>(CellFile::State::kLast)) return std::nullopt;
    files.push_back({std::string(*path), std::string(*content), static_cast<CellFile::State>(state)});
  }
  return files;
}

}  // namespace cellblock::protocol
