#include "config/cell_view.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/utf8.hpp"

namespace cellblock::config {
namespace {

constexpr std::size_t kLongestPath = 1024;
constexpr std::size_t kLongestFile = std::size_t{64} << 10U;
constexpr std::uint64_t kMostMegabytes = 65'536;

// Where cells have something of their own. A mount there would cover it, one below it has no directory to
// stand on.
struct OwnPlace {
  std::string_view path;
  bool below;  // whether a mount below it is impossible too
  std::string_view reason;
};
constexpr std::array<OwnPlace, 29> kOwnPlaces = {{
    {"/usr/bin", true, "the programs that cells have"},
    {"/usr/lib", true, "the libraries that cells have"},
    {"/usr/lib64", true, "the loader that cells have"},
    {"/usr/share", true, "the data of the libraries that cells have"},
    {"/bin", true, "a link to /usr/bin"},
    {"/sbin", true, "a link to /usr/sbin"},
    {"/lib", true, "a link to /usr/lib"},
    {"/lib32", true, "a link into /usr"},
    {"/lib64", true, "a link into /usr"},
    {"/tmp", true, "the working directory, fresh for each script"},
    {"/dev", true, "the few devices that cells have"},
    {"/proc", true, "the cell's own processes"},
    {"/sys", true, "nothing, and so nothing of the kernel's settings"},
    {"/oldroot", true, "needed while the tree is made"},
    {"/etc/alternatives", true, "links that lead to the numeric libraries"},
    {"/etc/python3.11", true, "the interpreter's settings"},
    {"/etc/passwd", true, "the accounts that cells have"},
    {"/etc/group", true, "the accounts that cells have"},
    {"/etc/hosts", true, "the names of the loopback address"},
    {"/etc/nsswitch.conf", true, "where names are looked up: in files"},
    {"/etc/ld.so.cache", true, "the loader's list of libraries"},
    {"/etc/fonts", true, "settings of fontconfig"},
    {"/etc/matplotlibrc", true, "settings of matplotlib"},
    {"/etc/mime.types", true, "a table of Python's mimetypes"},
    {"/etc/services", true, "a table of Python's socket"},
    {"/etc/protocols", true, "a table of Python's socket"},
    {"/etc/timezone", true, "the local time zone"},
    {"/etc/localtime", true, "the local time zone"},
    {"/etc/ssl/openssl.cnf", true, "settings that import ssl reads"},
}};

// Where hosts keep what is private; by the true path.
struct Private {
  std::string_view path;
  PrivatePlace place;
};
constexpr std::array<Private, 14> kPrivatePlaces = {{
    {"/proc", {"the host's processes and the kernel's settings", true}},
    {"/sys", {"the kernel's settings and the host's cgroups", true}},
    {"/dev", {"the host's devices", true}},
    {"/etc", {"accounts, keys and settings of the host"}},
    {"/root", {"files of the host's administrator"}},
    {"/home", {"files of the host's users"}},
    {"/var", {"logs, mail, databases and spooled jobs of the host"}},
    {"/run", {"sockets and secrets of the host's services", true}},
    {"/boot", {"the host's kernel and boot settings"}},
    {"/tmp", {"other programs' temporary files"}},
    {"/srv", {"what the host serves to others"}},
    {"/mnt", {"file systems that somebody has mounted"}},
    {"/media", {"file systems that somebody has mounted"}},
    {"/lost+found", {"files of anybody's"}},
}};

bool plain_path(std::string_view path) {
  if (path.size() < 2 || path.size() > kLongestPath || path.front() != '/') return false;
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return base::to_valid_utf8(path) == path && std::all_of(path.begin(), path.end(), [](unsigned char letter) {
           return letter > ' ' && letter != 0x7f;
         });
}

}  // namespace

bool is_within(std::string_view path, std::string_view place) {
  return path == place || (path.starts_with(place) && path[place.size()] == '/');
}

bool is_directory_of_cells(std::string_view text) {
  return text == "/" || plain_path(text);
}

std::optional<Bind> read_bind(std::string_view text) {
  constexpr std::string_view kWritable = ":rw";
  const bool writable = text.ends_with(kWritable);
  if (writable) text.remove_suffix(kWritable.size());
  const auto colon = text.find(':');
  const std::string_view path = text.substr(0, colon);
  const std::string_view place = colon == std::string_view::npos ? path : text.substr(colon + 1);
  if (!plain_path(path) || !plain_path(place) || place.find(':') != std::string_view::npos ||
      !why_not_at(place).empty() || (writable && !why_not_writable(place).empty())) {
    return std::nullopt;
  }
  return Bind{std::string(path), std::string(place), writable};
}

std::optional<Scratch> read_scratch(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const std::string_view place = text.substr(0, colon);
  const std::string_view size = text.substr(std::min(colon + 1, text.size()));
  std::uint64_t megabytes = 0;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), megabytes);
  if (error != std::errc() || end != size.data() + size.size() || megabytes < 1 ||
      megabytes > kMostMegabytes || !plain_path(place) || !why_not_at(place).empty()) {
    return std::nullopt;
  }
  return Scratch{std::string(place), megabytes << 20U};
}

std::optional<CellFile> read_cell_file(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || text.size() - equals - 1 > kLongestFile) return std::nullopt;
  const std::string_view place = text.substr(0, equals);
  const std::string_view content = text.substr(equals + 1);
  if (!plain_path(place) || !why_not_at(place).empty() || base::to_valid_utf8(content) != content)
    return std::nullopt;
  return CellFile{std::string(place), std::string(content)};
}

std::optional<CellLink> read_cell_link(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view place = text.substr(0, equals);
  const std::string_view target = text.substr(equals + 1);
  if (!plain_path(place) || !is_directory_of_cells(target) || !why_not_at(place).empty()) return std::nullopt;
  return CellLink{std::string(place), std::string(target)};
}

std::string why_not_writable(std::string_view path) {
  for (const std::string_view place :
       {"/usr", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/boot", "/root"}) {
    if (path == "/" || is_within(path, place))
      return std::string(place) + " has code and settings, of the process that makes cells too";
  }
  return {};
}

std::string why_not_at(std::string_view place) {
  for (const OwnPlace& own : kOwnPlaces) {
    if (place == "/" || is_within(own.path, place) || (own.below && is_within(place, own.path))) {
      return "cells have " + std::string(own.path) + " for themselves: " + std::string(own.reason);
    }
  }
  return {};
}

std::optional<PrivatePlace> private_at(std::string_view path) {
  std::optional<PrivatePlace> found;
  for (const Private& entry : kPrivatePlaces) {
    if (path != "/" && !is_within(path, entry.path) && !is_within(entry.path, path)) continue;
    // The whole of it is as private as the worst of it.
    if (!found || entry.place.never) found = entry.place;
  }
  return found;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '-' || letter == '.' || letter == '_';
         });
}

}  // namespace cellblock::config
