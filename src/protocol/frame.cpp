#include "protocol/frame.hpp"

namespace cellblock::protocol {
namespace {

template <typename Number>
void append_number(std::string& out, Number value) {
  for (std::size_t index = 0; index < sizeof(Number); ++index) {
    out.push_back(static_cast<char>((value >> (8U * index)) & 0xffU));
  }
}

template <typename Number>
Number number_at(std::string_view bytes) {
  Number value = 0;
  for (std::size_t index = 0; index < sizeof(Number); ++index) {
    value |=
        static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(bytes[index])) << (8U * index));
  }
  return value;
}

bool is_known(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(FrameKind::kFailed) &&
         kind <= static_cast<std::uint8_t>(FrameKind::kDisplay);
}

}  // namespace

std::string frame_header(FrameKind kind, std::size_t length) {
  std::string header;
  append_number(header, static_cast<std::uint32_t>(length));
  header.push_back(static_cast<char>(kind));
  return header;
}

std::string encode_frame(FrameKind kind, std::string_view payload) {
  std::string frame = frame_header(kind, payload.size());
  frame.append(payload);
  return frame;
}

base::Result<std::optional<Frame>> FrameReader::next() {
  if (buffer_.size() < kFrameHeaderBytes) return std::optional<Frame>{};
  const std::size_t length = number_at<std::uint32_t>(buffer_);
  const auto kind = static_cast<std::uint8_t>(buffer_[4]);
  if (!is_known(kind)) {
    return tl::make_unexpected(
        base::Error{"read a frame of unknown kind " + std::to_string(kind), EPROTO, {}});
  }
  if (length > limit_) {
    return tl::make_unexpected(
        base::Error{"read a frame of " + std::to_string(length) + " bytes", EMSGSIZE, {}});
  }
  if (buffer_.size() - kFrameHeaderBytes < length) return std::optional<Frame>{};
  Frame frame{static_cast<FrameKind>(kind), {}};
  if (buffer_.size() == kFrameHeaderBytes + length) {
    // The usual case, one frame and nothing behind it: no second copy of a large result.
    buffer_.erase(0, kFrameHeaderBytes);
    frame.payload = std::move(buffer_);
    buffer_.clear();
  } else {
    frame.payload = buffer_.substr(kFrameHeaderBytes, length);
    buffer_.erase(0, kFrameHeaderBytes + length);
  }
  return std::optional<Frame>(std::move(frame));
}

void append_segment(std::string& payload, std::string_view bytes) {
  append_number(payload, static_cast<std::uint32_t>(bytes.size()));
  payload.append(bytes);
}

std::optional<std::string_view> take_segment(std::string_view& payload) {
  if (payload.size() < sizeof(std::uint32_t)) return std::nullopt;
  const std::size_t length = number_at<std::uint32_t>(payload);
  payload.remove_prefix(sizeof(std::uint32_t));
  if (payload.size() < length) return std::nullopt;
  const std::string_view segment = payload.substr(0, length);
  payload.remove_prefix(length);
  return segment;
}

void append_u64(std::string& payload, std::uint64_t value) {
  append_number(payload, value);
}

std::optional<std::uint64_t> take_u64(std::string_view& payload) {
  if (payload.size() < sizeof(std::uint64_t)) return std::nullopt;
  const auto value = number_at<std::uint64_t>(payload);
  payload.remove_prefix(sizeof(std::uint64_t));
  return value;
}

}  // namespace cellblock::protocol
