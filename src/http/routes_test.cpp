#include "http/routes.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/execute_adapter.hpp"
#include "http/health_adapter.hpp"

namespace cellblock::http {
namespace {

using bhttp::verb;

Handler handler_of(verb method, std::string_view target) {
  const Found found = find_route(method, target);
  return found.route == nullptr ? nullptr : found.route->handler;
}

TEST(Routes, LeadToTheirHandlers) {
  EXPECT_EQ(handler_of(verb::post, "/execute"), &execute);
  EXPECT_EQ(handler_of(verb::post, "/api/v1/execute"), &execute);
  EXPECT_EQ(handler_of(verb::get, "/health"), &health);
  EXPECT_EQ(handler_of(verb::head, "/health"), &health);
  EXPECT_EQ(handler_of(verb::get, "/healthz"), &liveness);
  EXPECT_EQ(handler_of(verb::get, "/readyz"), &readiness);
  EXPECT_EQ(handler_of(verb::get, "/version"), &version);
}

TEST(Routes, IgnoreQueriesAndTakeTheAbsoluteForm) {
  EXPECT_EQ(handler_of(verb::get, "/health?verbose=/execute"), &health);
  EXPECT_EQ(handler_of(verb::get, "http://example.org:80/health?x"), &health);
  EXPECT_EQ(path_of("http://example.org"), "/");
  EXPECT_EQ(path_of("*"), "*");
}

TEST(Routes, AnswerUnknownPathsWith404) {
  for (const std::string_view target : {"/", "/executes", "/execute/", "/api/v2/execute", "execute", ""}) {
    const Found found = find_route(verb::post, target);
    EXPECT_EQ(found.route, nullptr);
    EXPECT_EQ(found.refusal.status, bhttp::status::not_found);
  }
  EXPECT_EQ(find_route(verb::get, "/a\"b?c").refusal.body,
            R"({"error":"No such path: /a\"b","status":"not_found"})");
  EXPECT_LT(find_route(verb::get, "/" + std::string(10'000, 'x')).refusal.body.size(), 300U);
  EXPECT_EQ(find_route(verb::get, "/\xff").refusal.status, bhttp::status::not_found);
}

TEST(Routes, AnswerWrongMethodsWith405AndAllow) {
  const Found get = find_route(verb::get, "/execute");
  EXPECT_EQ(get.refusal.status, bhttp::status::method_not_allowed);
  EXPECT_EQ(get.refusal.allow, "POST");
  EXPECT_EQ(find_route(verb::head, "/execute").refusal.allow, "POST");
  EXPECT_EQ(find_route(verb::post, "/health").refusal.allow, "GET, HEAD");
  EXPECT_EQ(find_route(verb::unknown, "/health").refusal.allow, "GET, HEAD");
  EXPECT_EQ(find_route(verb::options, "/version").refusal.body,
            R"({"error":"Method not allowed for /version, use GET, HEAD","status":"method_not_allowed"})");
}

}  // namespace
}  // namespace cellblock::http
