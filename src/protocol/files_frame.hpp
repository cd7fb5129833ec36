// Files on their way into a cell (in kRun) and out of it (the payload of kFiles, which comes before
// kOutcome). Hostile input for the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::protocol {

// Files of one request, and of one answer; and as many that an answer only names.
inline constexpr std::size_t kMaxFiles = 256;

struct CellFile {
  enum class State : std::uint8_t {
    kWhole = 0,   // the content is there
    kLink,        // a symbolic link, which is not followed
    kSpecial,     // a FIFO, a socket, a device
    kTooLarge,    // it and those before it are more than an answer may have
    kTooMany,     // beyond kMaxFiles, or too deep; one entry for all of them
    kUnreadable,  // refused by its mode, or gone meanwhile
    kName,        // its name is no plain path
    kLast = kName
  };
  std::string path;
  std::string content{};
  State state = State::kWhole;

  bool operator==(const CellFile&) const = default;
};

[[nodiscard]] std::string encode_files(const std::vector<CellFile>& files);
// nullopt when the payload is not exactly so many entries of known states, or names more than twice
// kMaxFiles. Paths and contents are not looked into.
[[nodiscard]] std::optional<std::vector<CellFile>> decode_files(std::string_view payload);

}  // namespace cellblock::protocol
