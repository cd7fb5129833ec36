#include "http/request_id.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace cellblock::http {
namespace {

constexpr std::size_t kLongestId = 128;

bool is_id_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

}  // namespace

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  // So few bytes come whole and without interruption; a kernel that refuses them offers nothing to go on.
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::perror("getrandom");
    std::abort();
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0xFU]);
  }
  return text;
}

std::string request_id(std::string_view offered) {
  const bool usable = !offered.empty() && offered.size() <= kLongestId &&
                      std::all_of(offered.begin(), offered.end(), is_id_character);
  return usable ? std::string(offered) : random_id();
}

}  // namespace cellblock::http
