// What an operator may add to what scripts see: places of the file tree, a host name.
// As checks of the text that was written; whether a path exists is asked by who uses it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cellblock::config {

// A directory or file of the host, shown at `place`.
struct Bind {
  std::string path;
  std::string place;
  bool writable = false;
};
// "PATH" or "PATH:PLACE", both absolute and plain: no dot components, no double slashes, no colon. With ":rw"
// behind it scripts can write there.
[[nodiscard]] std::optional<Bind> read_bind(std::string_view text);

// An empty directory in memory.
struct Scratch {
  std::string place;
  std::uint64_t bytes = 0;
};
// "PLACE:MB", 1 to 65536 MB.
[[nodiscard]] std::optional<Scratch> read_scratch(std::string_view text);

// A file of the operator's, up to 64 KB of UTF-8. "PLACE=TEXT".
struct CellFile {
  std::string place;
  std::string text;
};
[[nodiscard]] std::optional<CellFile> read_cell_file(std::string_view text);

// A symbolic link; what it leads to is looked up inside. "PLACE=TARGET".
struct CellLink {
  std::string place;
  std::string target;
};
[[nodiscard]] std::optional<CellLink> read_cell_link(std::string_view text);

// Why scripts may not write to this place of their tree, or to this true path of the host, though they may
// read it; empty when they may. The process that cells are forked from has rights, and takes code and
// settings from the same tree.
[[nodiscard]] std::string why_not_writable(std::string_view path);

// Why nothing can be put there, because cells have something of their own there, above it or below it; empty
// when it can.
[[nodiscard]] std::string why_not_at(std::string_view place);

// What a host keeps at this path, above it or below it that scripts have no business with; empty when nothing
// is known. Takes the true path: links are not followed.
struct PrivatePlace {
  std::string_view reason;
  bool never = false;  // dangerously-show-private-files does not open it
};
[[nodiscard]] std::optional<PrivatePlace> private_at(std::string_view path);

// "/", or an absolute and plain path.
[[nodiscard]] bool is_directory_of_cells(std::string_view text);

// Whether a path is this place or below it.
[[nodiscard]] bool is_within(std::string_view path, std::string_view place);

[[nodiscard]] bool is_host_name(std::string_view text);

}  // namespace cellblock::config
