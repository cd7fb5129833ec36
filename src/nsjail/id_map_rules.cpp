// uidmap and gidmap: a cell has one id of each kind, 1000 inside, and outside one that nobody else has.
#include <charconv>

#include "nsjail/reading.hpp"

namespace cellblock::nsjail {
namespace {

constexpr std::string_view kInside = "1000";
// Below are the ids of users of the host.
constexpr std::uint64_t kLowestOutside = 65'536;

void read_outside(Reading& reading, const Place& place, const std::string& text, bool users) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool number = error == std::errc() && end == text.data() + text.size();
  if (!number || id < kLowestOutside) {
    return reading.add(place, Outcome::kAlreadySo,
                       "each cell has an unused id of its own, from option uid-base on");
  }
  if (!users)
    return reading.add(place, Outcome::kNoted, "a cell's gid outside is the same number as its uid");
  reading.apply(place, "uid-base", id, std::to_string(id));
}

}  // namespace

void read_id_map(Reading& reading, const Place& place) {
  if (place.index > 0) return reading.add(place, Outcome::kRefused, "a cell has one id");
  const Place inside = within(place, "inside_id");
  const auto& map = *inside.message;
  const std::string inside_id = text_of(map, "inside_id");
  if (inside_id != kInside) {
    const Place& where = has(map, "inside_id") ? inside : place;
    reading.add(where, Outcome::kNotSupported, "scripts see themselves as 1000");
  } else {
    reading.add(inside, Outcome::kAlreadySo, "scripts see themselves as 1000");
  }
  if (has(map, "outside_id")) {
    const bool users = place.field->name() == "uidmap";
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
