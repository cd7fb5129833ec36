#include "telemetry/process_figures.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <sstream>
#include <string>

#include "base/fd.hpp"

namespace cellblock::telemetry {
namespace {

std::istringstream text_of(const char* path) {
  return std::istringstream(base::read_file(AT_FDCWD, path).value_or(""));
}

// Field 22 of stat: ticks since the machine started. The second field is a name that may have anything in it.
double start_time() {
  constexpr int kFieldsBetween = 19;
  const std::string stat = text_of("/proc/self/stat").str();
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::string skipped;
  for (int i = 0; i < kFieldsBetween; ++i) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  double boot = 0;
  auto system = text_of("/proc/stat");
  for (std::string line; std::getline(system, line);) {
    if (line.starts_with("btime ")) std::istringstream(line.substr(6)) >> boot;
  }
  return boot + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
  if (!folder) return 0;
  std::uint64_t entries = 0;
  while (::readdir(folder.get()) != nullptr) ++entries;
  // Without ".", "..", and the folder's own.
  return entries > 3 ? entries - 3 : 0;
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  figures.start_time_s = start_time();
  timespec cpu{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0) {
    figures.cpu_s = static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) * 1e-9;
  }
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  text_of("/proc/self/statm") >> pages >> resident;
  figures.virtual_bytes = pages * page;
  figures.resident_bytes = resident * page;
  figures.open_descriptors = open_descriptors();
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) figures.most_descriptors = files.rlim_cur;
  return figures;
}

}  // namespace cellblock::telemetry
