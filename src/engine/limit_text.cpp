#include "engine/limit_text.hpp"

#include <cstring>

namespace cellblock::engine {

std::string seconds_text(std::chrono::milliseconds value) {
  const auto thousandths = value.count() % 1000;
  std::string text = std::to_string(value.count() / 1000);
  if (thousandths != 0) {
    std::string fraction = std::to_string(1000 + thousandths).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + "s";
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kKilo = 1024;
  constexpr std::uint64_t kMega = kKilo * kKilo;
  if (bytes % kMega == 0) return std::to_string(bytes / kMega) + " MB";
  if (bytes % kKilo == 0) return std::to_string(bytes / kKilo) + " KB";
  return std::to_string(bytes) + " bytes";
}

std::string signal_text(int number) {
  std::string text = "signal " + std::to_string(number);
  if (const char* name = ::sigabbrev_np(number)) text += std::string(" (SIG") + name + ")";
  return text;
}

}  // namespace cellblock::engine
