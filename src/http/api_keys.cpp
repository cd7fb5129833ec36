#include "http/api_keys.hpp"

#include <algorithm>
#include <set>

#include "http/private_file.hpp"
#include "http/request_id.hpp"

namespace cellblock::http {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::string_view kForm = "NAME:sha256:64 hexadecimal digits, then nothing or :revoked";

int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

bool read_digest(std::string_view text, Sha256& digest) {
  if (text.size() != 2 * digest.size()) return false;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = value_of(text[2 * i]);
    const int low = value_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    digest[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

// Up to the next colon, which is taken too.
std::string_view next_field(std::string_view& line) {
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  line = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  return field;
}

bool read_line(std::string_view line, ApiKey& key) {
  const bool ended = line.ends_with(':');
  key.name = next_field(line);
  const std::string_view kind = next_field(line);
  const std::string_view digest = next_field(line);
  key.revoked = line == "revoked";
  return !ended && is_key_name(key.name) && kind == "sha256" && read_digest(digest, key.digest) &&
         (line.empty() || key.revoked);
}

}  // namespace

base::Result<ApiKeys> ApiKeys::parse(std::string_view text, const std::string& file) {
  ApiKeys keys;
  std::set<std::string, std::less<>> names;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    // The line itself stays out of the message: somebody may have put a key there.
    const std::string where = "keys file " + file + ", line " + std::to_string(number);
    ApiKey key;
    if (!read_line(line, key)) return base::make_error(where + ": it must be " + std::string(kForm));
    if (!names.insert(key.name).second)
      return base::make_error(where + ": the name '" + key.name + "' is there twice");
    if (keys.keys_.size() == kMostKeys) return base::make_error(where + ": more than 10000 keys");
    keys.keys_.push_back(std::move(key));
  }
  if (keys.keys_.empty()) {
    return base::make_error("keys file " + file + ": it has no key",
                            "make one: cellblock keys add NAME --file FILE");
  }
  return keys;
}

base::Result<ApiKeys> ApiKeys::read(const std::string& file) {
  const auto text = read_private_file(file, "keys file " + file, kLargestFile);
  if (!text) return tl::make_unexpected(text.error());
  return parse(*text, file);
}

const ApiKey* ApiKeys::find(std::string_view offered) const {
  const Sha256 digest = sha256(offered);
  const ApiKey* found = nullptr;
  for (const ApiKey& key : keys_) {
    if (equal_in_constant_time(key.digest, digest)) found = &key;
  }
  return found;
}

std::string with_key_revoked(std::string_view text, std::string_view name) {
  std::string changed;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const std::string_view kept = line.substr(0, line.find_first_of("\r\n"));
    const bool wanted = kept.starts_with(name) && kept.substr(name.size()).starts_with(":sha256:") &&
                        !kept.ends_with(":revoked");
    changed.append(kept).append(wanted ? ":revoked" : "").append(line.substr(kept.size()));
  }
  return changed;
}

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string new_api_key() {
  return "cb_" + random_id() + random_id();
}

std::string api_key_line(std::string_view name, std::string_view key) {
  return std::string(name) + ":sha256:" + to_hex(sha256(key)) + "\n";
}

}  // namespace cellblock::http
