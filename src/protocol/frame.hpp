// Frames on a cell's own stream socket: a 4-byte little-endian length, a 1-byte kind, then `length` bytes.
//
//   cell ──kFailed──▶ server      a step of sealing failed: the cell dies, nothing was run
//   cell ──kReady───▶ server      sealed and warm
//   cell ◀──kWarm─── server       nothing else to do: get ready for larger scripts too
//   cell ◀──kRun──── server       the one script (a session would send more)
//   cell ──kDisplay─▶ server      a value that the script has shown, as often as it does
//   cell ──kFiles───▶ server      what the script has left in output/, if anything
//   cell ──kOutcome─▶ server      what the interpreter says of it
//
// Everything that a cell sends is hostile input: the reader bounds it, and a byte too many ends the cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace cellblock::protocol {

enum class FrameKind : std::uint8_t {
  kFailed = 1,
  kReady = 2,
  kRun = 3,
  kOutcome = 4,
  kWarm = 5,
  kFiles = 6,
  kDisplay = 7
};

inline constexpr std::size_t kFrameHeaderBytes = 5;

struct Frame {
  FrameKind kind{};
  std::string payload;
};

// The header of a frame whose payload has `length` bytes.
[[nodiscard]] std::string frame_header(FrameKind kind, std::size_t length);

// Header and payload in one string.
[[nodiscard]] std::string encode_frame(FrameKind kind, std::string_view payload);

// Collects bytes into frames. Memory grows with the bytes that have come, not with what a header
// announces.
class FrameReader {
 public:
  // A payload larger than `limit` bytes makes next() fail as soon as its header is there.
  explicit FrameReader(std::size_t limit) : limit_(limit) {}

  void feed(std::string_view bytes) { buffer_.append(bytes); }
  // A whole frame, nullopt when more bytes are needed, an Error for a frame that is too large (code
  // EMSGSIZE) or of no known kind (code EPROTO). After an Error the stream has no meaning any more.
  base::Result<std::optional<Frame>> next();
  [[nodiscard]] bool empty() const { return buffer_.empty(); }
  // What it takes of memory.
  [[nodiscard]] std::size_t capacity() const { return buffer_.capacity(); }

 private:
  std::size_t limit_;
  std::string buffer_;
};

// Payloads are made of segments: a 4-byte little-endian length, then the bytes.
void append_segment(std::string& payload, std::string_view bytes);
// Takes the first segment off `payload`; nullopt when it is cut short.
[[nodiscard]] std::optional<std::string_view> take_segment(std::string_view& payload);

void append_u64(std::string& payload, std::uint64_t value);
[[nodiscard]] std::optional<std::uint64_t> take_u64(std::string_view& payload);

}  // namespace cellblock::protocol
