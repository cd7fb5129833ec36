#include "cli/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <cerrno>
#include <ctime>
#include <utility>

namespace cellblock::cli {
namespace {

constexpr timespec kLookInterval{0, 20'000'000};

// A supervisor that can't be reached is no reason to stop answering requests.
void tell(const std::string& state) {
  static_cast<void>(::sd_notify(0, state.c_str()));
}

}  // namespace

ServiceManager::ServiceManager(std::function<bool()> well) : well_(std::move(well)) {
  std::uint64_t interval = 0;
  if (::sd_watchdog_enabled(0, &interval) > 0) half_interval_ = std::chrono::microseconds(interval / 2);
}

base::Result<base::Fd> ServiceManager::listening_socket() {
  const std::string what = "take over the socket of systemd";
  const int count = ::sd_listen_fds(1);
  if (count < 0) return tl::make_unexpected(base::Error{what, -count, {}});
  if (count == 0) return base::Fd();
  if (count > 1) {
    return base::make_error(what + ": it has " + std::to_string(count), "one ListenStream= is served");
  }
  return base::Fd(SD_LISTEN_FDS_START);
}

void ServiceManager::ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status);
}

void ServiceManager::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void ServiceManager::stopping() {
  tell("STOPPING=1\nSTATUS=Lets running executions finish");
}

int ServiceManager::wait_until_well(const sigset_t& signals) {
  while (!well_()) {
    const int signal = ::sigtimedwait(&signals, nullptr, &kLookInterval);
    if (signal > 0) return signal;
  }
  return 0;
}

int ServiceManager::wait(const sigset_t& signals) {
  if (half_interval_.count() == 0) {
    int signal = 0;
    ::sigwait(&signals, &signal);
    return signal;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(half_interval_);
  timespec pause{};
  pause.tv_sec = seconds.count();
  pause.tv_nsec = std::chrono::nanoseconds(half_interval_ - seconds).count();
  for (;;) {
    if (well_()) tell("WATCHDOG=1");
    const int signal = ::sigtimedwait(&signals, nullptr, &pause);
    if (signal > 0) return signal;
  }
}

}  // namespace cellblock::cli
