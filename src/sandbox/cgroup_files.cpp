#include "sandbox/cgroup_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "sandbox/cgroup.hpp"

namespace cellblock::sandbox {
namespace {

std::uint64_t leading_number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// kernfs makes the content anew for each read from offset 0.
std::string_view read_again(int file, std::array<char, 512>& buffer) {
  const ssize_t count = ::pread(file, buffer.data(), buffer.size(), 0);
  return count <= 0 ? std::string_view() : std::string_view(buffer.data(), static_cast<std::size_t>(count));
}

}  // namespace

std::uint64_t keyed_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      return leading_number(line.substr(key.size() + 1));
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return 0;
}

base::Fd open_cgroup_file(int directory, const char* name, int flags) {
  return base::Fd(::openat(directory, name, flags | O_CLOEXEC));
}

std::uint64_t read_peak_bytes(int file) {
  std::array<char, 512> buffer{};
  return leading_number(read_again(file, buffer));
}

std::uint64_t read_cpu_us(int file) {
  std::array<char, 512> buffer{};
  const std::string_view text = read_again(file, buffer);
  // Version 2 has "usage_usec N" in cpu.stat, version 1 nanoseconds in cpuacct.usage.
  if (text.starts_with("usage_usec")) return keyed_value(text, "usage_usec");
  return leading_number(text) / 1000;
}

}  // namespace cellblock::sandbox
