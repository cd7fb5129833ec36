#include "runner/cell_line.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "base/fd.hpp"

namespace cellblock::runner {
namespace {

// A run frame holds a script, arguments and input, all bounded by the server's limit for a request body.
constexpr std::size_t kRunFrameLimit = std::size_t{1} << 30U;

}  // namespace

// In one call as long as it fits: a header that comes alone wakes the server for nothing.
bool send(int channel, protocol::FrameKind kind, std::string_view payload) {
  const std::string header = protocol::frame_header(kind, payload.size());
  // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast): the kernel only reads, but has one type for both ways
  const std::array<iovec, 2> parts = {{{const_cast<char*>(header.data()), header.size()},
                                       {const_cast<char*>(payload.data()), payload.size()}}};
  // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
  ssize_t count = -1;
  do {
    count = ::writev(channel, parts.data(), static_cast<int>(parts.size()));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return false;
  const auto sent = static_cast<std::size_t>(count);
  if (sent < header.size()) {
    return base::write_all(channel, std::string_view(header).substr(sent)).has_value() &&
           base::write_all(channel, payload).has_value();
  }
  return base::write_all(channel, payload.substr(sent - header.size())).has_value();
}

[[noreturn]] void fail(int channel, sandbox::StepFailure failure) {
  std::string payload;
  protocol::append_u64(payload, static_cast<std::uint64_t>(failure.step));
  protocol::append_u64(payload, static_cast<std::uint64_t>(failure.code));
  send(channel, protocol::FrameKind::kFailed, payload);
  ::_exit(kExitBroken);
}

std::optional<protocol::RunRequest> receive_run(int channel, const std::function<void()>& warm) {
  protocol::FrameReader reader(kRunFrameLimit);
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): zeroing it costs pages
  for (;;) {
    const ssize_t count = ::read(channel, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    // End of file: the server has no use for this cell any more.
    if (count <= 0) return std::nullopt;
    reader.feed({buffer.data(), static_cast<std::size_t>(count)});
    auto frame = reader.next();
    if (frame && *frame && (*frame)->kind == protocol::FrameKind::kWarm) {
      warm();
      frame = reader.next();
    }
    if (!frame || (*frame && (*frame)->kind != protocol::FrameKind::kRun)) return std::nullopt;
    if (*frame) return protocol::decode_run((*frame)->payload);
  }
}

}  // namespace cellblock::runner
