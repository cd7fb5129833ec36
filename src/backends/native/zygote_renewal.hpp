// Has zygotes replaced that have served for a while: all pools, one after the other, again and again.
//
// A zygote's address layout and hash seed are those of all its cells: what one script finds out about them is
// of use to the next for no longer than the zygote serves. And nothing that it may lose with time goes on for
// ever.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "backends/native/jailer_link.hpp"

namespace cellblock::backends::native {

struct RenewalPlan {
  std::size_t pools = 1;
  std::chrono::milliseconds lifetime{0};  // 0: for ever
};

class ZygoteRenewal {
 public:
  ZygoteRenewal(boost::asio::io_context& context, std::shared_ptr<JailerLink> link, RenewalPlan plan);
  void start();
  void stop();
  // The jailer's answer, whatever it was: the next pool has its turn.
  void answered();

 private:
  void wait();
  void ask();

  boost::asio::steady_timer timer_;
  std::shared_ptr<JailerLink> link_;
  const RenewalPlan plan_;
  std::size_t pool_;  // whose turn it is; the number of pools when it is nobody's
};

}  // namespace cellblock::backends::native
