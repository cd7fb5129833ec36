#include "http/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace cellblock::http {

Sha256 sha256(std::string_view text) {
  Sha256 digest{};
  // The one-shot function allocates nothing and can't fail.
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

std::string to_hex(const Sha256& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(digest.size() * 2);
  for (const unsigned char byte : digest) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0xFU]);
  }
  return text;
}

bool equal_in_constant_time(const Sha256& one, const Sha256& other) {
  return ::CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace cellblock::http
