#include "jailer/channel.hpp"

#include <sys/socket.h>
#include <sys/un.h>

namespace cellblock::jailer {

using sandbox::Step;
using sandbox::StepFailure;

tl::expected<base::FdPair, StepFailure> make_channel() {
  auto ends = base::make_socketpair(SOCK_STREAM);
  if (!ends) return tl::make_unexpected(StepFailure{Step::kDescriptors, ends.error().code});
  // A socket looks for names, and may be given one once, in the network namespace that it was made in. Here
  // that is the jailer's own empty one, which other cells' sockets share; where there is none, it is the
  // host's. With a name already, it can't take one that another socket would find.
  const sockaddr_un any{AF_UNIX, {}};
  if (::bind(ends->second.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any.sun_family)) != 0) {
    return sandbox::step_failed(Step::kDescriptors);
  }
  return std::move(*ends);
}

}  // namespace cellblock::jailer
