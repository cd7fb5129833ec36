#include "runner/cell_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/fd.hpp"
#include "base/relative_path.hpp"

namespace cellblock::runner {
namespace {

using protocol::CellFile;
using State = CellFile::State;

// No honest program nests its results deeper, and each level holds a descriptor.
constexpr int kMaxDepth = 16;

base::Error failed(const std::string& path) {
  return {"Could not place the file '" + path + "'", errno, {}};
}

// The folder that the file is to be in, made as far as it is missing.
base::Result<base::Fd> folder_of(int home, const std::string& path) {
  base::Fd folder(::fcntl(home, F_DUPFD_CLOEXEC, 0));
  for (std::size_t begin = 0, slash = 0; (slash = path.find('/', begin)) != std::string::npos;
       begin = slash + 1) {
    const std::string name = path.substr(begin, slash - begin);
    if (::mkdirat(folder.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
      return tl::make_unexpected(failed(path));
    folder = base::Fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.valid()) break;
  }
  if (!folder.valid()) return tl::make_unexpected(failed(path));
  return folder;
}

class Collection {
 public:
  explicit Collection(std::uint64_t bytes) : room_(bytes) {}

  void take_folder(base::Fd folder, const std::string& prefix, int depth) {
    const int number = folder.release();
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(number), ::closedir);
    if (!stream) {
      ::close(number);
      return skip(prefix, State::kUnreadable);
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      names.push_back(name);
      // A folder of a million names is not read to its end.
      if (names.size() > 2 * protocol::kMaxFiles) break;
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (full_) return;
      take(number, name, prefix + name, depth);
    }
  }
  std::vector<CellFile> files() && { return std::move(files_); }

 private:
  void take(int folder, const std::string& name, const std::string& path, int depth) {
    if (!base::fault_of_path(path).empty()) return skip({}, State::kName);
    struct stat about {};
    if (::fstatat(folder, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
      return skip(path, State::kUnreadable);
    if (S_ISLNK(about.st_mode)) return skip(path, State::kLink);
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return skip(path, State::kSpecial);
    // Not to be held up by what has become a FIFO in between.
    base::Fd file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid() || ::fstat(file.get(), &about) != 0) return skip(path, State::kUnreadable);
    if (S_ISDIR(about.st_mode)) {
      if (depth == kMaxDepth) return skip(path, State::kTooMany);
      return take_folder(std::move(file), path + "/", depth + 1);
    }
    if (!S_ISREG(about.st_mode)) return skip(path, State::kSpecial);
    read(file.get(), path, static_cast<std::uint64_t>(about.st_size));
  }

  void read(int file, const std::string& path, std::uint64_t size) {
    if (whole_ == protocol::kMaxFiles) {
      full_ = true;
      return skip({}, State::kTooMany);
    }
    if (size > room_) return skip(path, State::kTooLarge);
    std::string content(size, '\0');
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t count = ::read(file, content.data() + done, content.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return skip(path, State::kUnreadable);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    content.resize(done);
    room_ -= done;
    ++whole_;
    files_.push_back({path, std::move(content), State::kWhole});
  }

  void skip(std::string path, State state) {
    if (skipped_ == protocol::kMaxFiles) return;
    // The last one stands for all that follow.
    if (++skipped_ == protocol::kMaxFiles) return files_.push_back({{}, {}, State::kTooMany});
    files_.push_back({std::move(path), {}, state});
  }

  std::uint64_t room_;
  std::size_t whole_ = 0;
  std::size_t skipped_ = 0;
  bool full_ = false;
  std::vector<CellFile> files_;
};

// What stands in the folder's place, or keeps it closed; nothing where nothing is there.
std::vector<CellFile> why_no_folder(int home, int code) {
  // A link that leads nowhere is another error, since links are not followed.
  if (code == ENOENT) return {};
  struct stat about {};
  if (::fstatat(home, kOutputFolder, &about, AT_SYMLINK_NOFOLLOW) != 0)
    return {{kOutputFolder, {}, State::kUnreadable}};
  if (S_ISLNK(about.st_mode)) return {{kOutputFolder, {}, State::kLink}};
  return {{kOutputFolder, {}, S_ISDIR(about.st_mode) ? State::kUnreadable : State::kSpecial}};
}

}  // namespace

base::Result<void> place_files(int home, const std::vector<CellFile>& files) {
  for (const CellFile& file : files) {
    const auto folder = folder_of(home, file.path);
    if (!folder) return tl::make_unexpected(folder.error());
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    const base::Fd made(::openat(folder->get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!made.valid()) return tl::make_unexpected(failed(file.path));
    if (const auto written = base::write_all(made.get(), file.content); !written) {
      errno = written.error().code;
      return tl::make_unexpected(failed(file.path));
    }
  }
  return {};
}

std::vector<CellFile> collect_files(int home, std::uint64_t bytes) {
  base::Fd folder(::openat(home, kOutputFolder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.valid()) return why_no_folder(home, errno);
  Collection collection(bytes);
  collection.take_folder(std::move(folder), "output/", 1);
  return std::move(collection).files();
}

}  // namespace cellblock::runner
