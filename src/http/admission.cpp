#include "http/admission.hpp"

#include <algorithm>

namespace cellblock::http {
namespace {

constexpr const char* kKeyHeader = "X-API-Key";
constexpr std::size_t kLongestKey = 512;

Reply refusal(bhttp::status status, std::string_view error, std::string_view word, std::string challenge) {
  Reply reply = error_reply(status, error, word);
  reply.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  return reply;
}

Reply unauthorized(std::string_view error, bool offered) {
  std::string challenge = "Bearer realm=\"cellblock\"";
  if (offered) challenge += ", error=\"invalid_token\"";
  return refusal(bhttp::status::unauthorized, error, "unauthorized", std::move(challenge));
}

// The token of "Bearer TOKEN"; empty for anything else.
std::string_view bearer(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() < kScheme.size() ||
      !beast::iequals({value.data(), kScheme.size()}, {kScheme.data(), kScheme.size()})) {
    return {};
  }
  value.remove_prefix(kScheme.size());
  return value.substr(std::min(value.find_first_not_of(' '), value.size()));
}

bool needs_key(Access access, const KeyRules& rules) {
  if (!rules.keys) return false;
  return access == Access::kRun || access == Access::kBatch ||
         (access == Access::kFigures && rules.for_metrics);
}

}  // namespace

std::string client_of(const net::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const net::ip::address_v6 long_one = address.to_v6();
  if (long_one.is_v4_mapped()) return net::ip::make_address_v4(net::ip::v4_mapped, long_one).to_string();
  auto bytes = long_one.to_bytes();
  std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), static_cast<unsigned char>(0));
  return net::ip::address_v6(bytes).to_string() + "/64";
}

tl::expected<Caller, Reply> admit(const bhttp::request_header<>& header, Access access,
                                  const tcp::socket& client, const KeyRules& rules) {
  if (!needs_key(access, rules)) {
    error_code failed;
    const auto peer = client.remote_endpoint(failed);
    return Caller{{}, failed ? "unknown" : client_of(peer.address())};
  }
  const std::size_t given = header.count(bhttp::field::authorization) + header.count(kKeyHeader);
  if (given == 0) {
    return tl::make_unexpected(
        unauthorized("An API key is needed, as Authorization: Bearer KEY or X-API-Key: KEY", false));
  }
  if (given > 1) return tl::make_unexpected(unauthorized("More than one API key is given", true));
  const std::string_view offered = header.count(kKeyHeader) > 0
                                       ? as_view(header[kKeyHeader])
                                       : bearer(as_view(header[bhttp::field::authorization]));
  const ApiKey* key = offered.empty() || offered.size() > kLongestKey ? nullptr : rules.keys->find(offered);
  if (key == nullptr) return tl::make_unexpected(unauthorized("The API key is not known", true));
  if (key->revoked) {
    return tl::make_unexpected(refusal(bhttp::status::forbidden,
                                       "The API key '" + key->name + "' was revoked", "forbidden",
                                       "Bearer realm=\"cellblock\", error=\"invalid_token\""));
  }
  return Caller{key->name, "key " + key->name};
}

}  // namespace cellblock::http
