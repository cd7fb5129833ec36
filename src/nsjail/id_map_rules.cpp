// uidmap and gidmap: a cell has one id of each kind, inside one that can be chosen, and outside one that
// nobody else has.
#include <charconv>
#include <optional>

#include "nsjail/reading.hpp"

namespace cellblock::nsjail {
namespace {

// Below are the ids of users of the host.
constexpr std::uint64_t kLowestOutside = 65'536;

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

void read_inside(Reading& reading, const Place& place, const std::string& text, bool users) {
  if (text.empty()) {
    // nsjail takes its own user's then.
    return reading.add(place, Outcome::kNoted,
                       std::string("scripts see the id of option ") + (users ? "cell-uid" : "cell-gid"));
  }
  const auto id = number(text);
  if (!id)
    return reading.add(place, Outcome::kNotSupported, "write the number: cells have accounts of their own");
  if (*id == 0) {
    return reading.add(
        place, Outcome::kRefused,
        "root of its own namespace is one mistake nearer to rights; take another, such as 1000");
  }
  reading.apply(place, users ? "cell-uid" : "cell-gid", *id, text);
}

void read_outside(Reading& reading, const Place& place, const std::string& text, bool users) {
  const auto id = number(text);
  if (!id || *id < kLowestOutside) {
    return reading.add(place, Outcome::kAlreadySo,
                       "each cell has an unused id of its own, from option uid-base on");
  }
  if (!users)
    return reading.add(place, Outcome::kNoted, "a cell's gid outside is the same number as its uid");
  reading.apply(place, "uid-base", *id, std::to_string(*id));
}

}  // namespace

void read_id_map(Reading& reading, const Place& place) {
  if (place.index > 0) return reading.add(place, Outcome::kRefused, "a cell has one id");
  const Place inside = within(place, "inside_id");
  const auto& map = *inside.message;
  const bool users = place.field->name() == "uidmap";
  read_inside(reading, has(map, "inside_id") ? inside : place, text_of(map, "inside_id"), users);
  if (has(map, "outside_id")) {
    read_outside(reading, within(place, "outside_id"), text_of(map, "outside_id"), users);
  }
  if (has(map, "count")) {
    const Place count = within(place, "count");
    reading.add(count, number_of(count) == 1 ? Outcome::kAlreadySo : Outcome::kRefused, "a cell has one id");
  }
  if (has(map, "use_newidmap")) {
    const bool asked = flag_of(map, "use_newidmap");
    reading.add(within(place, "use_newidmap"), asked ? Outcome::kNotSupported : Outcome::kAlreadySo,
                "the jailer maps ids itself");
  }
}

}  // namespace cellblock::nsjail
