#include "runner/file_denials.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "base/utf8.hpp"

namespace cellblock::runner {
namespace {

using protocol::FileDenial;

struct LeftOut {
  std::string_view path;  // with all that is below it
  const char* reason;
};

// A path that is missing for another reason (a typing error, a library that tries several places) is a
// plain FileNotFoundError and is not reported. So /etc and /proc have single entries.
constexpr std::array<LeftOut, 42> kLeftOut = {{
    {"/root", "private"},
    {"/home", "private; the script's own home is /tmp"},
    {"/var", "logs, mail, databases and queues of the host"},
    {"/run", "sockets of the host's services"},
    {"/sys", "the host's hardware and cgroups"},
    {"/opt", "programs of the host"},
    {"/srv", "data of the host"},
    {"/mnt", "file systems of the host"},
    {"/media", "file systems of the host"},
    {"/boot", "the host's kernel"},
    {"/lost+found", "remains of the host's files"},
    {"/etc/shadow", "passwords"},
    {"/etc/gshadow", "passwords"},
    {"/etc/shadow-", "passwords"},
    {"/etc/sudoers", "rights of the host's users"},
    {"/etc/sudoers.d", "rights of the host's users"},
    {"/etc/ssh", "keys of the host"},
    {"/etc/ssl/private", "keys of the host"},
    {"/etc/ssl/certs", "nothing to verify without a network"},
    {"/etc/hostname", "the host's name"},
    {"/etc/machine-id", "the host's identity"},
    {"/etc/resolv.conf", "the host's network"},
    {"/etc/fstab", "the host's file systems"},
    {"/etc/crontab", "jobs of the host"},
    {"/etc/environment", "the host's settings"},
    {"/etc/systemd", "services of the host"},
    {"/etc/kubernetes", "credentials"},
    {"/etc/docker", "credentials"},
    {"/proc/sys", "kernel settings; /proc shows processes only, here and below"},
    {"/proc/cpuinfo", "the host's hardware"},
    {"/proc/meminfo", "the host's memory"},
    {"/proc/stat", "the host's load"},
    {"/proc/loadavg", "the host's load"},
    {"/proc/uptime", "the host's age"},
    {"/proc/version", "the host's kernel"},
    {"/proc/cmdline", "the host's kernel"},
    {"/proc/kallsyms", "the host's kernel"},
    {"/proc/kcore", "the host's memory"},
    {"/proc/modules", "the host's kernel"},
    {"/proc/keys", "keys of the host's users"},
    {"/proc/net", "the host's network"},
    {"/proc/filesystems", "the host's kernel"},
}};

// Libraries look here by themselves to find out about the machine; a script's author has no part in it.
constexpr std::array<LeftOut, 1> kProbed = {{
    {"/sys/fs/cgroup", "joblib, for scikit-learn: how many CPUs there are"},
}};

// Where a script may do as it likes: what it is refused there, it has forbidden itself.
constexpr std::array<std::string_view, 2> kOwn = {"/tmp", "/dev/shm"};

bool leads_into(std::string_view path, std::string_view place) {
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

// Libraries look for files all the time: what is missing below /usr or the working directory must cost
// nothing.
bool is_everyday(std::string_view path) {
  if (path.find("..") != std::string_view::npos) return false;
  return !path.starts_with('/') || leads_into(path, "/usr") || !is_left_out(path);
}

std::optional<FileDenial::Kind> kind_of(int code, std::string_view path) {
  const bool own =
      std::any_of(kOwn.begin(), kOwn.end(), [&](std::string_view place) { return leads_into(path, place); });
  if (own) return std::nullopt;
  if (code == ENOENT && is_left_out(path)) return FileDenial::Kind::kTree;
  if (code == EROFS) return FileDenial::Kind::kReadOnly;
  // Not EPERM: that is what refused system calls end with, and those are counted elsewhere.
  if (code == EACCES) return FileDenial::Kind::kPermission;
  return std::nullopt;
}

bool is_plain(std::string_view path) {
  return path.starts_with('/') && path.find("/..") == std::string_view::npos;
}

// From the root, without "..": which place it leads to is read off the text.
std::string absolute(std::string_view path) {
  if (is_plain(path)) return std::string(path);
  std::array<char, PATH_MAX> directory;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by getcwd
  const char* from = ::getcwd(directory.data(), directory.size());
  return (std::filesystem::path(from != nullptr ? from : "/") / path).lexically_normal().string();
}

}  // namespace

bool is_left_out(std::string_view path) {
  const auto leads = [&](const LeftOut& entry) { return leads_into(path, entry.path); };
  return std::any_of(kLeftOut.begin(), kLeftOut.end(), leads) &&
         std::none_of(kProbed.begin(), kProbed.end(), leads);
}

void FileDenials::note(int code, std::string_view path) {
  if (code != ENOENT && code != EROFS && code != EACCES) return;
  if (code == ENOENT && is_everyday(path)) return;
  std::string full = absolute(path);
  const auto kind = kind_of(code, full);
  if (!kind) return;
  if (full.size() > protocol::kMaxDenialPath) {
    full.resize(protocol::kMaxDenialPath);
    full.resize(base::whole_characters(full));
  }
  add(*kind, std::move(full));
}

void FileDenials::add(FileDenial::Kind kind, std::string path) {
  const auto same = [&](const FileDenial& entry) { return entry.kind == kind && entry.path == path; };
  auto found = std::find_if(list_.begin(), list_.end(), same);
  if (found == list_.end() && list_.size() >= protocol::kMaxFileDenials) {
    if (list_.size() == protocol::kMaxFileDenials) list_.push_back({FileDenial::Kind::kFurther, 0, {}});
    found = list_.end() - 1;
  } else if (found == list_.end()) {
    found = list_.insert(found, {kind, 0, std::move(path)});
  }
  if (found->count != std::numeric_limits<std::uint32_t>::max()) ++found->count;
}

}  // namespace cellblock::runner
