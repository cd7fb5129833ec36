#include "backends/native/jailer_link.hpp"

#include <utility>

namespace cellblock::backends::native {

using protocol::ControlKind;

JailerLink::JailerLink(boost::asio::io_context& context, base::Fd control, ServiceListener service)
    : socket_(context, control.release()), service_(std::move(service)) {
  socket_.non_blocking(true);
}

void JailerLink::start() {
  await_messages();
}

void JailerLink::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  outgoing_.clear();
}

std::uint64_t JailerLink::add(Listener listener) {
  const std::uint64_t cell = next_cell_++;
  listeners_.emplace(cell, std::move(listener));
  return cell;
}

void JailerLink::send(const protocol::ControlMessage& message, std::vector<base::Fd> fds) {
  if (!socket_.is_open()) return;
  outgoing_.push_back({message, std::move(fds)});
  if (!flushing_) flush();
}

void JailerLink::flush() {
  flushing_ = false;
  while (!outgoing_.empty()) {
    std::vector<int> borrowed;
    for (const base::Fd& fd : outgoing_.front().fds) borrowed.push_back(fd.get());
    const auto sent = protocol::send_control(socket_.native_handle(), outgoing_.front().message, borrowed);
    if (!sent && (sent.error().code == EAGAIN || sent.error().code == ETOOMANYREFS)) {
      flushing_ = true;
      socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error) self->flush();
                         });
      return;
    }
    // Another error is the jailer's death, which the reading side reports.
    outgoing_.pop_front();
  }
}

void JailerLink::await_messages() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error) self->on_readable();
                     });
}

void JailerLink::on_jailer_gone() {
  close();
  // Its cells died with it.
  const auto listeners = std::exchange(listeners_, {});
  for (const auto& [cell, listener] : listeners) {
    protocol::Received gone;
    gone.message.kind = ControlKind::kGone;
    gone.message.cell = cell;
    gone.message.lost = 1;
    listener(std::move(gone));
  }
  protocol::ControlMessage end;
  end.kind = ControlKind::kFatal;
  end.set_text("the jailer has ended");
  service_(end);
}

void JailerLink::on_readable() {
  while (socket_.is_open()) {
    auto received = protocol::receive_control(socket_.native_handle());
    if (!received && received.error().code == EAGAIN) break;
    if (!received || !*received) {
      on_jailer_gone();
      return;
    }
    const protocol::ControlMessage message = (*received)->message;
    if (message.kind == ControlKind::kZygoteUp || message.kind == ControlKind::kZygoteDown ||
        message.kind == ControlKind::kRenewed || message.kind == ControlKind::kFatal) {
      service_(message);
      continue;
    }
    if (message.kind == ControlKind::kSpawned || message.kind == ControlKind::kGone) service_(message);
    const auto found = listeners_.find(message.cell);
    if (found == listeners_.end()) continue;
    // Copied: the listener may remove itself.
    const Listener listener = found->second;
    if (message.kind == ControlKind::kGone) listeners_.erase(found);
    listener(std::move(**received));
  }
  if (socket_.is_open()) await_messages();
}

}  // namespace cellblock::backends::native
