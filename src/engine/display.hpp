// What a script has shown besides its result, as plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cellblock::engine {

// Whether what a script shows is wanted, and if so, as what its figures come.
enum class DisplayMode : std::uint8_t { kOff, kPng, kSvg };

// One representation of a value. The type is a MIME type of letters, digits and a few signs.
struct Representation {
  enum class Kind : std::uint8_t {
    kText,    // valid UTF-8
    kBinary,  // any bytes
    kJson     // one strict JSON value
  };
  std::string type;
  Kind kind = Kind::kText;
  std::string data;

  bool operator==(const Representation&) const = default;
};

// One value that was shown: never empty, no type twice.
using DisplayBundle = std::vector<Representation>;

// A representation that the answer does not hold; the type is empty where it stands for several.
struct SkippedDisplay {
  std::string type;
  std::string reason;        // valid UTF-8 and short
  bool did_not_fit = false;  // else it could not be made

  bool operator==(const SkippedDisplay&) const = default;
};

struct Shown {
  std::vector<DisplayBundle> bundles{};  // in the order in which they were shown
  std::vector<SkippedDisplay> skipped{};

  bool operator==(const Shown&) const = default;
};

}  // namespace cellblock::engine
