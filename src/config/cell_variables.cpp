#include "config/cell_variables.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/utf8.hpp"

namespace cellblock::config {
namespace {

constexpr std::size_t kLongest = 4096;

struct Variable {
  std::string_view name;
  std::string_view value;
};

// A variable that cells have, and whether another value than theirs can be had.
struct OwnVariable {
  std::string_view name;
  std::string_view value;
  bool (*takes)(std::string_view value);
  std::string_view reason;  // for what is not taken
};

bool never(std::string_view) {
  return false;
}

bool plain_word(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '-' || letter == '.';
  });
}

// The zygote looks there as well, so each must be a place of the system's that scripts can't write to.
bool usual_places(std::string_view value) {
  constexpr std::array<std::string_view, 6> kPlaces = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                       "/usr/bin",        "/sbin",          "/bin"};
  if (value.empty()) return false;
  while (!value.empty()) {
    const auto colon = std::min(value.find(':'), value.size());
    if (std::find(kPlaces.begin(), kPlaces.end(), value.substr(0, colon)) == kPlaces.end()) return false;
    if (colon + 1 == value.size()) return false;
    value.remove_prefix(std::min(colon + 1, value.size()));
  }
  return true;
}

bool below_working_directory(std::string_view value) {
  return value.starts_with("/tmp/") && value.find("/..") == std::string_view::npos;
}

// Python itself is in UTF-8 mode whatever this says; it is for what scripts start.
bool locale_of_utf8(std::string_view value) {
  std::string lower(value);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const auto ends = [&lower](std::string_view end) { return lower.ends_with(end); };
  return value == "C" || value == "POSIX" || ends(".utf-8") || ends(".utf8");
}

// A name of the tz database or a POSIX rule, and no path: the zygote opens what it names.
bool time_zone(std::string_view value) {
  return !value.empty() && value.front() != '/' && value.front() != ':' &&
         value.find("..") == std::string_view::npos &&
         std::all_of(value.begin(), value.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 ||
                  std::string_view("/_+-,.:<>").find(static_cast<char>(letter)) != std::string_view::npos;
         });
}

constexpr std::string_view kOneThread =
    "the process that cells are forked from may have one thread only, and a cell about one CPU";
constexpr std::array<OwnVariable, 12> kOwnVariables = {{
    {"PATH", "/usr/bin:/bin", usual_places, "programs are looked up in the system's own places only"},
    {"HOME", "/tmp", never, "that is where a script can write"},
    {"TMPDIR", "/tmp", below_working_directory, "that is where a script can write"},
    {"USER", "script", plain_word, "a name has letters, digits, dots, hyphens and underscores"},
    {"LOGNAME", "script", plain_word, "a name has letters, digits, dots, hyphens and underscores"},
    {"LANG", "C.UTF-8", locale_of_utf8, "scripts and what they print are UTF-8"},
    {"TZ", "UTC", time_zone, "a name such as Europe/Berlin or a rule such as CET-1CEST, and no path"},
    {"OPENBLAS_NUM_THREADS", "1", never, kOneThread},
    {"OMP_NUM_THREADS", "1", never, kOneThread},
    {"MKL_NUM_THREADS", "1", never, kOneThread},
    {"MPLBACKEND", "Agg", never, "cells have no screen, and figures of an answer are drawn with it"},
    {"MPLCONFIGDIR", "/tmp/.config/matplotlib", below_working_directory, "that is where a script can write"},
}};

struct Loaders {
  std::string_view prefix;
  std::string_view reason;
};
constexpr std::array<Loaders, 5> kLoadersVariables = {{
    {"LD_", "decides which libraries are loaded, with the rights that cells are made with"},
    {"GLIBC_", "changes the C library, in the process that cells are made by too"},
    {"MALLOC_", "changes the C library, in the process that cells are made by too"},
    {"GCONV_", "decides which libraries are loaded, with the rights that cells are made with"},
    {"PYTHON", "decides which code Python runs; modules go to 'library-path' or into a 'bind'"},
}};

// How a Python behaves, not what it runs.
constexpr std::array<std::string_view, 11> kPythonsManners = {
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONUTF8",
    "PYTHONHASHSEED",   "PYTHONFAULTHANDLER",      "PYTHONNOUSERSITE", "PYTHONCOERCECLOCALE",
    "PYTHONOPTIMIZE",   "PYTHONSAFEPATH",          "PYTHONWARNINGS",
};

Variable split(std::string_view text) {
  const auto equals = text.find('=');
  return {text.substr(0, equals), text.substr(equals + 1)};
}

const OwnVariable* own_variable(std::string_view name) {
  const auto* found = std::find_if(kOwnVariables.begin(), kOwnVariables.end(),
                                   [name](const OwnVariable& own) { return own.name == name; });
  return found == kOwnVariables.end() ? nullptr : found;
}

}  // namespace

std::optional<std::string_view> own_value_of(std::string_view name) {
  const OwnVariable* own = own_variable(name);
  if (own == nullptr) return std::nullopt;
  return own->value;
}

bool is_variable(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || text.size() > kLongest) return false;
  const std::string_view name = text.substr(0, equals);
  const auto is_letter = [](unsigned char letter) { return std::isalpha(letter) != 0 || letter == '_'; };
  return is_letter(static_cast<unsigned char>(name.front())) && base::to_valid_utf8(text) == text &&
         text.find('\0') == std::string_view::npos &&
         std::all_of(name.begin(), name.end(),
                     [&](unsigned char letter) { return is_letter(letter) || std::isdigit(letter) != 0; });
}

bool is_for_programs_only(std::string_view name) {
  return std::find(kPythonsManners.begin(), kPythonsManners.end(), name) != kPythonsManners.end();
}

std::optional<VariableRefusal> why_not_variable(std::string_view text) {
  const Variable variable = split(text);
  if (const OwnVariable* own = own_variable(variable.name)) {
    if (own->value == variable.value || own->takes(variable.value)) return std::nullopt;
    return VariableRefusal{"cells have " + std::string(own->name) + "=" + std::string(own->value) + ": " +
                           std::string(own->reason)};
  }
  if (is_for_programs_only(variable.name)) return std::nullopt;
  for (const Loaders& loaders : kLoadersVariables) {
    if (!variable.name.starts_with(loaders.prefix)) continue;
    return VariableRefusal{std::string(variable.name) + " " + std::string(loaders.reason), true};
  }
  return std::nullopt;
}

bool is_cell_variable(std::string_view text) {
  return is_variable(text) && !why_not_variable(text);
}

}  // namespace cellblock::config
