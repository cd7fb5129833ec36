#include "sandbox/cell_meter.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>

#include "sandbox/process_figures.hpp"

namespace cellblock::sandbox {
namespace {

constexpr int kFirstProcess = 1;

int pid_of(std::string_view name) {
  int pid = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc() && end == name.data() + name.size() ? pid : -1;
}

// Reads as the cell's user, who may look at its own processes; signals and all else are not affected. Who is
// no root changes nothing by it.
class AsUser {
 public:
  // The group first: without root's uid it could not be changed.
  explicit AsUser(std::optional<std::uint32_t> uid)
      : group_before_(uid ? ::setfsgid(*uid) : -1), user_before_(uid ? ::setfsuid(*uid) : -1) {}
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  ~AsUser() {
    if (user_before_ >= 0) ::setfsuid(static_cast<uid_t>(user_before_));
    if (group_before_ >= 0) ::setfsgid(static_cast<gid_t>(group_before_));
  }

 private:
  int group_before_;
  int user_before_;
};

}  // namespace

std::optional<CellFigures> CellMeter::look() {
  const auto started = std::chrono::steady_clock::now();
  const AsUser as_user(uid_);
  CellFigures figures;
  std::uint64_t with_children = 0;
  base::Fd listing(::openat(proc_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(
      listing.valid() ? ::fdopendir(listing.release()) : nullptr, ::closedir);
  if (!entries) return std::nullopt;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const int pid = pid_of(entry->d_name);
    if (pid <= 0 || (!uid_ && pid == kFirstProcess)) continue;
    if (!count(entry->d_name, figures, with_children)) return std::nullopt;
    errno = 0;
  }
  if (errno != 0) return std::nullopt;
  std::uint64_t seen = ticks_of_gone_;
  for (const auto& [pid, ticks] : ticks_) seen += ticks;
  // Two ways of missing what short-lived processes used; the larger is nearer.
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  cpu_us_ = std::max(cpu_us_, std::max(seen, with_children) * 1'000'000 / per_second);
  figures.cpu_us = cpu_us_;
  cost_ = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
  return figures;
}

bool CellMeter::count(const char* pid, CellFigures& figures, std::uint64_t& ticks_with_children) {
  const std::string directory = std::string(pid) + "/";
  const auto status = base::read_file(proc_.get(), directory + "status");
  // It may have ended since it was listed.
  if (!status) return status.error().code == ENOENT || status.error().code == ESRCH;
  if (uid_ && parse_uid(*status) != uid_) return true;
  ++figures.processes;
  if (const auto stat = base::read_file(proc_.get(), directory + "stat")) {
    if (const auto ticks = parse_cpu_ticks(*stat)) {
      std::uint64_t& last = ticks_[pid_of(pid)];
      // Fewer than before: another process of the same number.
      if (ticks->own < last) ticks_of_gone_ += last;
      last = ticks->own;
      ticks_with_children += ticks->own + ticks->children;
    }
  }
  // A process may make itself undumpable and so hide its shares; then all that is resident counts.
  const auto shares = base::read_file(proc_.get(), directory + "smaps_rollup");
  const auto proportional = shares ? parse_proportional_bytes(*shares) : std::nullopt;
  figures.memory_bytes += proportional ? *proportional : parse_resident_bytes(*status).value_or(0);
  figures.memory_bytes += parse_page_table_bytes(*status);
  return true;
}

}  // namespace cellblock::sandbox
