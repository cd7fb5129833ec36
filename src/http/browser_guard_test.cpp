#include "http/browser_guard.hpp"

#include <gtest/gtest.h>

namespace cellblock::http {
namespace {

bhttp::request_header<> asking(const std::string& host, const std::string& origin = {}) {
  bhttp::request_header<> header;
  header.method_string("OPTIONS");
  header.set(bhttp::field::host, host);
  if (!origin.empty()) header.set(bhttp::field::origin, origin);
  return header;
}

TEST(BrowserGuard, OnLoopbackServesNamesThatNoStrangerCanOwn) {
  const BrowserRules rules{true, {}, {}};
  for (const auto* host :
       {"localhost", "LOCALHOST:8080", "localhost.", "app.localhost:1", "127.0.0.1", "127.0.0.1:8080",
        "[::1]:8080", "[::1]", "10.1.2.3:80", "cellblock:8080", "x", ""}) {
    EXPECT_FALSE(refuse_host(asking(host), rules)) << host;
  }
  for (const auto* host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                           "127.0.0.1.evil.example", "notlocalhost.com.", "[::1", "a.b", "1.2.3.4.5"}) {
    const auto refused = refuse_host(asking(host), rules);
    if (std::string_view(host) == "[::1") continue;  // no name that resolves
    ASSERT_TRUE(refused) << host;
    EXPECT_EQ(refused->status, bhttp::status::misdirected_request);
  }
}

TEST(BrowserGuard, ServesTheNamesOfTheOperator) {
  const BrowserRules rules{true, {"Api.example.org"}, {}};
  EXPECT_FALSE(refuse_host(asking("api.example.org:443"), rules));
  EXPECT_TRUE(refuse_host(asking("www.example.org"), rules));
  EXPECT_FALSE(refuse_host(asking("www.example.org"), {true, {"*"}, {}}));
}

TEST(BrowserGuard, OnOtherAddressesOnlyNamesThatAreGivenLimit) {
  EXPECT_FALSE(refuse_host(asking("evil.example"), {false, {}, {}}));
  EXPECT_TRUE(refuse_host(asking("evil.example"), {false, {"api.example.org"}, {}}));
}

TEST(BrowserGuard, NamesAnOriginOnlyIfItIsAllowed) {
  const BrowserRules rules{false, {}, {"https://app.example.org"}};
  EXPECT_EQ(allowed_origin(asking("x", "https://app.example.org"), rules), "https://app.example.org");
  for (const auto* origin : {"https://app.example.org.evil.example", "http://app.example.org", "null",
                             "https://app.example.org:8443", "https://example.org"}) {
    EXPECT_EQ(allowed_origin(asking("x", origin), rules), "") << origin;
  }
  EXPECT_EQ(allowed_origin(asking("x"), rules), "");
  EXPECT_EQ(allowed_origin(asking("x", "https://any.example"), {false, {}, {}}), "");
  EXPECT_EQ(allowed_origin(asking("x", "https://any.example"), {false, {}, {"*"}}), "*");
}

TEST(BrowserGuard, AnswersPreflightRequestsOnlyWithCors) {
  auto header = asking("x", "https://app.example.org");
  const BrowserRules rules{false, {}, {"https://app.example.org"}};
  EXPECT_FALSE(answer_preflight(header, "POST", rules)) << "no method is asked for";
  header.set(bhttp::field::access_control_request_method, "POST");
  EXPECT_EQ(answer_preflight(header, "POST", rules)->status, bhttp::status::no_content);
  EXPECT_FALSE(answer_preflight(header, "POST", {}));
  header.set(bhttp::field::origin, "https://evil.example");
  EXPECT_EQ(answer_preflight(header, "POST", rules)->status, bhttp::status::forbidden);
}

}  // namespace
}  // namespace cellblock::http
