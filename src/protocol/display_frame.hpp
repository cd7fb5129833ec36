// The payload of kDisplay: one value that a script has shown, in one or more representations. Such frames
// come while the script runs, and only to a request that asked for them. Hostile input for the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::protocol {

// Representations of one value, and those that an answer only names, in all.
inline constexpr std::size_t kMaxDisplayParts = 32;
inline constexpr std::size_t kMaxDisplaySkipped = 64;
// Bytes of a MIME type, and of the word on why a representation could not be made.
inline constexpr std::size_t kMaxDisplayType = 100;
inline constexpr std::size_t kMaxDisplayDetail = 256;

// How the data of a MIME type is written: its name alone decides, so that a reader needs nothing else.
enum class DisplayKind : std::uint8_t {
  kText,
  kBinary,  // images, sound, video, fonts, but for those that are XML; PDF; application/octet-stream
  kJson     // application/json and whatever ends in +json
};

struct DisplayPart {
  enum class State : std::uint8_t {
    kWhole = 0,  // the data is there
    kTooLarge,   // larger than one may be, or than what is left of all
    kTooMany,    // beyond a number; one entry for all that follow
    kFailed,     // it could not be made; the data is a word on why
    kLast = kFailed
  };
  std::string type;
  std::string data{};
  State state = State::kWhole;

  bool operator==(const DisplayPart&) const = default;
};

// type/subtype of ASCII letters, digits and "!#$&^_.+-", kMaxDisplayType bytes at most: nothing that needs an
// escape anywhere.
[[nodiscard]] bool is_mime_type(std::string_view type);
[[nodiscard]] DisplayKind display_kind(std::string_view type);

// The most that a frame can have when its data is no more than `bytes`.
[[nodiscard]] constexpr std::size_t display_frame_limit(std::size_t bytes) {
  return bytes + kMaxDisplayParts * (kMaxDisplayType + kMaxDisplayDetail + 16);
}

[[nodiscard]] std::string encode_display(const std::vector<DisplayPart>& parts);
// nullopt when the payload is not exactly one to kMaxDisplayParts parts of known states. Types and data are
// not looked into.
[[nodiscard]] std::optional<std::vector<DisplayPart>> decode_display(std::string_view payload);

}  // namespace cellblock::protocol
