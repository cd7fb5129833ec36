#include "config/options.hpp"

#include <algorithm>
#include <utility>

namespace cellblock::config {

std::string_view source_name(Source source) {
  switch (source) {
    case Source::kDefault:
      return "default";
    case Source::kSandboxConfig:
      return "sandbox-config";
    case Source::kFile:
      return "file";
    case Source::kEnvironment:
      return "environment";
    case Source::kFlag:
      return "flag";
  }
  return "default";
}

Source Options::source(std::string_view name) const {
  const auto found = sources.find(name);
  return found == sources.end() ? Source::kDefault : found->second;
}

namespace {

// A light ready cell and one with more modules that has been warmed have about this much memory of their own;
// the stock may take so much of it all.
constexpr std::uint64_t kReadyCellBytes = 10ULL << 20U;
constexpr std::uint64_t kPoolShare = 16;
constexpr std::uint64_t kSmallPool = 4;
constexpr std::uint64_t kPools = 2;

// Requests may use half of their memory, and each byte of a body takes nine while it is parsed. A result
// comes in a buffer of up to twice its size. A byte of either output may become six characters of JSON.
constexpr std::uint64_t kRequestMemoryShare = 8;
constexpr std::uint64_t kLeastRequestMemory = 512ULL << 20U;
constexpr std::uint64_t kMemoryPerBody = 18;
constexpr std::uint64_t kMemoryPerResult = 3;
constexpr std::uint64_t kMemoryPerOutput = 12;
// A file comes in such a buffer as well, is kept, and becomes base64 in the answer.
constexpr std::uint64_t kMemoryPerFile = 6;

}  // namespace

Options with_automatic_values(Options options, std::uint32_t cpu_count, std::uint64_t memory,
                              std::uint32_t most_cells) {
  // A host that does not tell its CPU count says 0.
  cpu_count = std::max(cpu_count, 1U);
  if (options.max_executions == 0) options.max_executions = std::max(32 * cpu_count, 64U);
  if (options.pool_size == 0) {
    std::uint64_t affordable = memory == 0 ? kSmallPool : memory / kPoolShare / kReadyCellBytes;
    if (most_cells != 0) {
      const std::uint64_t left = most_cells - std::min(most_cells, options.max_executions);
      affordable = std::min(affordable, left / kPools);
    }
    options.pool_size = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(affordable, kSmallPool, std::uint64_t{64} * cpu_count));
  }
  if (options.request_memory_bytes == 0) {
    options.request_memory_bytes = std::max(memory / kRequestMemoryShare, kLeastRequestMemory);
  }
  const std::uint64_t largest_request = kMemoryPerBody * options.max_body_bytes;
  const std::uint64_t largest_answer = kMemoryPerResult * options.result_bytes +
                                       kMemoryPerOutput * options.output_bytes +
                                       kMemoryPerFile * (options.files_bytes + options.display_bytes);
  options.request_memory_bytes = std::max({options.request_memory_bytes, largest_request, largest_answer});
  if (options.threads == 0) options.threads = std::max(cpu_count / 2, 1U);
  return options;
}

}  // namespace cellblock::config
