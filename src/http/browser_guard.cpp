#include "http/browser_guard.hpp"

#include <algorithm>

namespace cellblock::http {
namespace {

constexpr std::size_t kLongestShown = 100;
constexpr const char* kAllowedHeaders =
    "Accept, Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Request-Id, traceparent";

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// Without port, brackets and the dot at the end, in small letters.
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) return lowered(host.substr(1, std::max<std::size_t>(host.find(']'), 1) - 1));
  host = host.substr(0, host.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return lowered(host);
}

bool is_address(const std::string& name) {
  error_code failed;
  static_cast<void>(net::ip::make_address(name, failed));
  return !failed;
}

bool has(const std::vector<std::string>& list, std::string_view wanted) {
  return std::any_of(list.begin(), list.end(),
                     [wanted](const std::string& entry) { return entry == "*" || lowered(entry) == wanted; });
}

}  // namespace

bool is_harmless_host(std::string_view host) {
  const std::string name = host_name(host);
  return name.find('.') == std::string::npos || name.ends_with(".localhost") || is_address(name);
}

std::optional<Reply> refuse_host(const bhttp::request_header<>& header, const BrowserRules& rules) {
  if (!rules.loopback && rules.hosts.empty()) return std::nullopt;
  const std::string_view host = as_view(header[bhttp::field::host]);
  if (is_harmless_host(host) || has(rules.hosts, host_name(host))) return std::nullopt;
  return error_reply(bhttp::status::misdirected_request,
                     "Host '" + std::string(host.substr(0, kLongestShown)) +
                         "' is not served here; the operator can name it in allowed-hosts",
                     "misdirected");
}

std::string allowed_origin(const bhttp::request_header<>& header, const BrowserRules& rules) {
  const std::string_view origin = as_view(header[bhttp::field::origin]);
  if (origin.empty()) return {};
  if (std::find(rules.origins.begin(), rules.origins.end(), "*") != rules.origins.end()) return "*";
  return has(rules.origins, lowered(origin)) ? std::string(origin) : std::string();
}

std::optional<Reply> answer_preflight(const bhttp::request_header<>& header, std::string_view methods,
                                      const BrowserRules& rules) {
  if (rules.origins.empty() || header.method_string() != "OPTIONS" ||
      header.count(bhttp::field::origin) == 0 ||
      header.count(bhttp::field::access_control_request_method) == 0) {
    return std::nullopt;
  }
  if (allowed_origin(header, rules).empty()) {
    const std::string origin(as_view(header[bhttp::field::origin]).substr(0, kLongestShown));
    return error_reply(bhttp::status::forbidden,
                       "Pages of '" + origin + "' may not ask here; the operator can name it in cors-origins",
                       "forbidden");
  }
  Reply reply;
  reply.status = bhttp::status::no_content;
  reply.headers.emplace_back("Access-Control-Allow-Methods", methods);
  reply.headers.emplace_back("Access-Control-Allow-Headers", kAllowedHeaders);
  reply.headers.emplace_back("Access-Control-Max-Age", "600");
  return reply;
}

}  // namespace cellblock::http
