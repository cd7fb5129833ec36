#include "sandbox/process_figures.hpp"

#include <array>
#include <charconv>

namespace cellblock::sandbox {
namespace {

// Fields of /proc/PID/stat are counted from 1; the text after the name starts with the third.
constexpr int kFirstAfterName = 3;
constexpr int kUserTime = 14;
constexpr int kLastTime = 17;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// "Name:   123 kB" → 123, wherever the line stands.
std::optional<std::uint64_t> line_value(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    // At the start of a line only: the name of a process stands within one.
    if (at != 0 && text[at - 1] != '\n') continue;
    return number(without_blanks(text.substr(at + name.size())));
  }
  return std::nullopt;
}

template <std::size_t Count>
std::optional<std::uint64_t> sum_of_kilobytes(std::string_view text,
                                              const std::array<std::string_view, Count>& names) {
  std::uint64_t kilobytes = 0;
  for (const std::string_view name : names) {
    const auto value = line_value(text, name);
    if (!value) return std::nullopt;
    kilobytes += *value;
  }
  return kilobytes << 10U;
}

}  // namespace

std::optional<CpuTicks> parse_cpu_ticks(std::string_view stat) {
  // The name is in parentheses and may hold any character, parentheses and blanks too.
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = stat.substr(name_end + 1);
  std::array<std::uint64_t, kLastTime + 1> fields{};
  for (int field = kFirstAfterName; field <= kLastTime; ++field) {
    rest = without_blanks(rest);
    const auto end = rest.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    const auto value = number(rest.substr(0, end));
    if (field >= kUserTime) {
      if (!value) return std::nullopt;
      fields[static_cast<std::size_t>(field)] = *value;
    }
    rest = rest.substr(end);
  }
  return CpuTicks{fields[kUserTime] + fields[kUserTime + 1], fields[kLastTime - 1] + fields[kLastTime]};
}

std::optional<std::uint64_t> parse_proportional_bytes(std::string_view smaps_rollup) {
  static constexpr std::array<std::string_view, 3> kNames = {"Pss_Anon:", "Pss_Shmem:", "SwapPss:"};
  return sum_of_kilobytes(smaps_rollup, kNames);
}

std::optional<std::uint64_t> parse_resident_bytes(std::string_view status) {
  static constexpr std::array<std::string_view, 3> kNames = {"RssAnon:", "RssShmem:", "VmSwap:"};
  return sum_of_kilobytes(status, kNames);
}

std::uint64_t parse_page_table_bytes(std::string_view status) {
  return line_value(status, "VmPTE:").value_or(0) << 10U;
}

std::optional<std::uint32_t> parse_uid(std::string_view status) {
  const auto value = line_value(status, "Uid:");
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

}  // namespace cellblock::sandbox
