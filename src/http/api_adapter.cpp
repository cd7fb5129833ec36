#include "http/api_adapter.hpp"

#include <string>
#include <string_view>

namespace cellblock::embedded {
extern const std::string_view kOpenApi;
extern const std::string_view kDocsPage;
extern const std::string_view kDocsStyle;
extern const std::string_view kDocsScript;
}  // namespace cellblock::embedded

namespace cellblock::http {
namespace {

// Nothing inline, nothing of another host, in nobody's frame. The empty icon is a data: address.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

Reply text_reply(std::string_view text, std::string_view type) {
  Reply reply;
  reply.body = text;
  reply.content_type = type;
  return reply;
}

}  // namespace

net::awaitable<Reply> openapi(Exchange&) {
  co_return text_reply(embedded::kOpenApi, "application/json");
}

net::awaitable<Reply> docs_page(Exchange&) {
  Reply reply = text_reply(embedded::kDocsPage, "text/html; charset=utf-8");
  reply.headers.emplace_back("Content-Security-Policy", kPagePolicy);
  reply.headers.emplace_back("Referrer-Policy", "no-referrer");
  co_return reply;
}

net::awaitable<Reply> docs_style(Exchange&) {
  co_return text_reply(embedded::kDocsStyle, "text/css; charset=utf-8");
}

net::awaitable<Reply> docs_script(Exchange&) {
  co_return text_reply(embedded::kDocsScript, "text/javascript; charset=utf-8");
}

}  // namespace cellblock::http
