// Small changes to an input, always the same ones for the same input: a short run of a fuzz target that any
// compiler can build and that finds the same thing twice. libFuzzer, which follows the code, is for long
// runs.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::fuzz {

// `others` are what a piece may be taken from; not empty. The result has at most `limit` bytes.
[[nodiscard]] inline std::string mutate(std::string bytes, const std::vector<std::string>& others,
                                        std::size_t limit, std::minstd_rand& random) {
  const auto below = [&random](std::size_t bound) {
    return bound == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  // What parsers stumble over.
  constexpr std::string_view kSpecial("\0\xff\x7f\x80\"\\{}[]:,\r\n%-0e", 19);
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(bytes.size() + 1);
    switch (below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes.insert(at, 1, kSpecial[below(kSpecial.size())]);
        break;
      case 2:
        bytes.erase(at, 1 + below(8));
        break;
      case 3:
        bytes.insert(at, bytes.substr(below(bytes.size() + 1), 1 + below(64)));
        break;
      case 4:
        bytes.resize(at);
        break;
      default: {
        const std::string& other = others[below(others.size())];
        bytes.insert(at, other.substr(below(other.size() + 1), 1 + below(64)));
      }
    }
  }
  if (bytes.size() > limit) bytes.resize(limit);
  return bytes;
}

}  // namespace cellblock::fuzz
