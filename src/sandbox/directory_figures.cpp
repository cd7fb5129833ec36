#include "sandbox/directory_figures.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "base/fd.hpp"

namespace cellblock::sandbox {
namespace {

constexpr int kDeepest = 64;
constexpr std::uint64_t kStatBlock = 512;

// Bounded by kDeepest. NOLINTNEXTLINE(misc-no-recursion)
void add(base::Fd directory, DirectoryFigures& figures, std::uint64_t most_entries, int depth) {
  if (!directory.valid()) return;
  if (depth > kDeepest) {
    figures.entries = most_entries + 1;
    return;
  }
  const int fd = directory.get();
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(fd), ::closedir);
  if (!entries) return;
  static_cast<void>(directory.release());
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (++figures.entries > most_entries) return;
    struct stat about {};
    // No link is followed: the script could point it anywhere.
    if (::fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
    figures.bytes += static_cast<std::uint64_t>(about.st_blocks) * kStatBlock;
    if (!S_ISDIR(about.st_mode)) continue;
    // What was a directory may be a link by now.
    add(base::Fd(::openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), figures,
        most_entries, depth + 1);
  }
}

}  // namespace

DirectoryFigures measure_directory(const std::string& path, std::uint64_t most_entries) {
  DirectoryFigures figures;
  add(base::Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), figures, most_entries,
      0);
  return figures;
}

}  // namespace cellblock::sandbox
