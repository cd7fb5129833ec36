// cwd: a place that cells have anyway, or by a mount of the same configuration.
#include <algorithm>
#include <array>
#include <optional>

#include "config/cell_view.hpp"
#include "nsjail/reading.hpp"

namespace cellblock::nsjail {
namespace {

constexpr std::string_view kUsual = "/tmp";
constexpr std::string_view kFilesStay = "the files of request and answer stay in /tmp";

// What is to be told of the files; nullopt when cells have no such place.
std::optional<std::string_view> files_in(const Reading& reading, const std::string& place) {
  constexpr std::array<std::string_view, 2> kOwn = {"/", "/dev/shm"};
  if (std::find(kOwn.begin(), kOwn.end(), place) != kOwn.end()) return kFilesStay;
  for (const std::string& text : reading.elements_of("tmpfs")) {
    const auto scratch = config::read_scratch(text);
    if (scratch && scratch->place == place) return "the files of request and answer are there too";
  }
  for (const std::string& text : reading.elements_of("bind")) {
    const auto bind = config::read_bind(text);
    if (!bind || !config::is_within(place, bind->place)) continue;
    const auto found = reading.surroundings().find(bind->path + place.substr(bind->place.size()));
    if (found && found->directory) return kFilesStay;
  }
  return std::nullopt;
}

}  // namespace

void read_start(Reading& reading, const ParsedText& parsed) {
  if (!parsed.message.has_cwd()) return;
  const Place place{&parsed.message, NsJailConfig::descriptor()->FindFieldByName("cwd"), -1,
                    parsed.places.get(), "cwd"};
  std::string wanted = parsed.message.cwd();
  while (wanted.size() > 1 && wanted.back() == '/') wanted.pop_back();
  if (wanted == kUsual) return reading.add(place, Outcome::kAlreadySo, "cells are like that");
  const auto files = files_in(reading, wanted);
  if (!files) {
    return reading.add(
        place, Outcome::kNotSupported,
        "cells have no such directory: mount a tmpfs there or bind one, or let scripts start in /tmp");
  }
  reading.apply(place, "working-directory", 0, wanted, *files);
}

}  // namespace cellblock::nsjail
