// What systemd is told, by sd_notify(3), and what it hands over, by sd_listen_fds(3). Without a supervisor
// that listens, which is without $NOTIFY_SOCKET, nothing is told.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace cellblock::cli {

class ServiceManager {
 public:
  // Reads $WATCHDOG_USEC. Does not change the environment, so only a single thread may, elsewhere.
  // `well`: whether the service can work; asked before each sign of life, from the thread that waits.
  explicit ServiceManager(std::function<bool()> well);

  // The socket that a unit such as cellblock.socket listens with, close-on-exec; none without one. Takes
  // $LISTEN_* out of the environment, so only a single thread may, and before anything is started.
  [[nodiscard]] static base::Result<base::Fd> listening_socket();

  // Requests are answered; `status` is what `systemctl status` shows. Also the end of a reload.
  static void ready(const std::string& status);
  static void reloading();
  static void stopping();

  // Blocks until the service is well for the first time, and returns 0, or until one of `signals`, and
  // returns it. Nobody expects signs of life before the service has said that it is ready.
  int wait_until_well(const sigset_t& signals);

  // Blocks until one of `signals`, which must be blocked in all threads, and returns it. Meanwhile gives
  // signs of life, twice in each interval of the watchdog, as long as the service is well: one that can make
  // no cell for a whole interval is restarted by systemd.
  int wait(const sigset_t& signals);

 private:
  std::function<bool()> well_;
  std::chrono::microseconds half_interval_{0};  // 0: nobody watches
};

}  // namespace cellblock::cli
