#include "engine/inbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

namespace cellblock::engine {

Inbox::Inbox(boost::asio::io_context& context) : context_(context), event_(context) {
  boost::system::error_code failed;
  // Readable while there is something in it; the context's thread never waits in a read.
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event >= 0 && event_.assign(event, failed)) ::close(event);
}

void Inbox::put(Work work) {
  if (!event_.is_open()) return boost::asio::post(context_, std::move(work));
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = waiting_.empty();
    waiting_.push_back(std::move(work));
  }
  // Whoever was first tells of all. It can't fail: the counter is far from full.
  if (first) ::eventfd_write(event_.native_handle(), 1);
}

void Inbox::take() {
  std::vector<Work> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(waiting_);
  }
  for (Work& work : taken) std::exchange(work, nullptr)();
}

void Inbox::await() {
  if (!event_.is_open()) return;
  event_.async_read_some(boost::asio::buffer(&told_, sizeof(told_)),
                         [this](const boost::system::error_code& code, std::size_t /*bytes*/) {
                           if (code) return;
                           take();
                           await();
                         });
}

}  // namespace cellblock::engine
