// SHA-256, by OpenSSL.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace cellblock::http {

using Sha256 = std::array<unsigned char, 32>;

[[nodiscard]] Sha256 sha256(std::string_view text);
// 64 digits in lower case.
[[nodiscard]] std::string to_hex(const Sha256& digest);
// Takes as long for digests that differ early as for those that differ late.
[[nodiscard]] bool equal_in_constant_time(const Sha256& one, const Sha256& other);

}  // namespace cellblock::http
