// The keys that clients show, as a file has them: never the keys themselves, only their digests.
//
//   # comment
//   name:sha256:64 hexadecimal digits
//   name:sha256:64 hexadecimal digits:revoked
//
// A plain digest is enough, since keys are 256 random bits: there is nothing to guess.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/sha256.hpp"

namespace cellblock::http {

struct ApiKey {
  std::string name;  // for logs and limits: 1 to 64 of [A-Za-z0-9._-]
  Sha256 digest{};
  bool revoked = false;
};

class ApiKeys {
 public:
  static constexpr std::size_t kMostKeys = 10'000;
  static constexpr std::size_t kLargestFile = std::size_t{2} << 20U;

  // Errors name the line of `file` that is wrong. At least one key, none twice.
  [[nodiscard]] static base::Result<ApiKeys> parse(std::string_view text, const std::string& file);
  // A regular file of root's or this user's, that others can't read and the group can't write.
  [[nodiscard]] static base::Result<ApiKeys> read(const std::string& file);

  // The key that was offered, if there is such a one. Takes the same time whichever it is, and for none.
  [[nodiscard]] const ApiKey* find(std::string_view offered) const;
  [[nodiscard]] const std::vector<ApiKey>& all() const { return keys_; }

 private:
  std::vector<ApiKey> keys_;
};

[[nodiscard]] bool is_key_name(std::string_view name);
[[nodiscard]] std::string new_api_key();
// The text of a keys file in which the key of this name is revoked; all else stays as it is.
[[nodiscard]] std::string with_key_revoked(std::string_view text, std::string_view name);
// The line for the file, with its end.
[[nodiscard]] std::string api_key_line(std::string_view name, std::string_view key);

}  // namespace cellblock::http
