#include "http/admission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

using ::testing::HasSubstr;

// A server with keys, little room for each client, and one origin and one host that are allowed.
class AdmissionTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override {
    const std::string file = api_key_line("ann", "key-a") + api_key_line("bob", "key-b") +
                             "old:sha256:" + to_hex(sha256("key-c")) + ":revoked\n";
    options.keys = {std::make_shared<const ApiKeys>(*ApiKeys::parse(file, "keys")), true};
    options.clients = {0.001, 3, 2};
    options.hosts = {"api.example.org"};
    options.origins = {"https://app.example.org"};
  }
  [[nodiscard]] RawResponse answer(const std::string& request) const {
    RawClient peer = client();
    peer.send(request);
    return peer.receive().value_or(RawResponse{});
  }
  [[nodiscard]] RawResponse execute_as(const std::string& headers,
                                       const std::string& script = "result 1") const {
    return answer(execute_request(R"({"script": ")" + script + "\"}", headers));
  }
  [[nodiscard]] RawResponse get(const std::string& path, const std::string& host,
                                const std::string& more = {}) const {
    return answer("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n");
  }
};

TEST_F(AdmissionTest, AKnownKeyInEitherHeaderIsAdmitted) {
  EXPECT_EQ(execute_as("X-API-Key: key-a\r\n").status, 200);
  EXPECT_EQ(execute_as("Authorization: Bearer key-a\r\n").status, 200);
  EXPECT_EQ(execute_as("Authorization: bearer  key-b\r\n").status, 200);
}

TEST_F(AdmissionTest, WithoutAKnownKeyNothingRuns) {
  const auto none = execute_as("");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.headers.at("www-authenticate"), "Bearer realm=\"cellblock\"");
  EXPECT_THAT(none.body, HasSubstr(R"("status":"unauthorized")"));
  for (const auto* headers :
       {"X-API-Key: key-d\r\n", "X-API-Key:\r\n", "Authorization: Basic a2V5LWE=\r\n",
        "Authorization: Bearer\r\n", "Authorization: key-a\r\n", "X-API-Key: key-a\r\nX-API-Key: key-a\r\n",
        "X-API-Key: key-a\r\nAuthorization: Bearer key-b\r\n"}) {
    const auto wrong = execute_as(headers);
    EXPECT_EQ(wrong.status, 401) << headers;
    EXPECT_THAT(wrong.headers.at("www-authenticate"), HasSubstr("invalid_token"));
  }
  EXPECT_EQ(execute_as("X-API-Key: " + std::string(600, 'k') + "\r\n").status, 401);
  EXPECT_TRUE(control_->record().started_jobs.empty());
}

TEST_F(AdmissionTest, ARevokedKeyIsForbidden) {
  const auto revoked = execute_as("X-API-Key: key-c\r\n");
  EXPECT_EQ(revoked.status, 403);
  EXPECT_THAT(revoked.body, HasSubstr("'old' was revoked"));
}

TEST_F(AdmissionTest, ABodyIsNotReadBeforeTheKey) {
  RawClient peer = client();
  peer.send("POST /execute HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n");
  EXPECT_EQ(peer.receive()->status, 401);
}

TEST_F(AdmissionTest, RoutesThatRunNothingNeedNoKeyButMetricsIfAsked) {
  for (const auto* path : {"/health", "/healthz", "/readyz", "/version", "/openapi.json", "/docs"}) {
    EXPECT_EQ(get(path, "x").status, 200) << path;
  }
  EXPECT_EQ(get("/metrics", "x").status, 401);
  EXPECT_NE(get("/metrics", "x", "X-API-Key: key-a\r\n").status, 401);
  EXPECT_EQ(answer("POST /batch HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}").status, 401);
}

TEST_F(AdmissionTest, TheRateOfAKeyIsItsOwn) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(execute_as("X-API-Key: key-a\r\n").status, 200);
  const auto limited = execute_as("X-API-Key: key-a\r\n");
  EXPECT_EQ(limited.status, 429);
  EXPECT_THAT(limited.body, HasSubstr(R"("status":"rate_limited")"));
  EXPECT_GT(std::stoi(limited.headers.at("retry-after")), 900);
  EXPECT_EQ(execute_as("X-API-Key: key-b\r\n").status, 200);
}

TEST_F(AdmissionTest, OnlySoManyOfAKeyAtOnce) {
  RawClient one = client();
  RawClient two = client();
  for (RawClient* peer : {&one, &two})
    peer->send(execute_request(R"({"script": "hang"})", "X-API-Key: key-a\r\n"));
  ASSERT_TRUE(running_becomes(2));
  EXPECT_EQ(execute_as("X-API-Key: key-a\r\n").status, 429);
  EXPECT_EQ(execute_as("X-API-Key: key-b\r\n").status, 200);
  one.close();
  ASSERT_TRUE(running_becomes(1));
  EXPECT_TRUE(becomes([this] { return execute_as("X-API-Key: key-a\r\n").status == 200; }));
}

TEST_F(AdmissionTest, IdempotencyKeysAreSeparateForEachKey) {
  EXPECT_EQ(execute_as("X-API-Key: key-a\r\nIdempotency-Key: k\r\n", "result 1").status, 200);
  const auto other = execute_as("X-API-Key: key-b\r\nIdempotency-Key: k\r\n", "result 2");
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.headers.count("idempotency-replayed"), 0U);
}

TEST_F(AdmissionTest, AHostThatIsNotServedIsMisdirected) {
  const auto refused = get("/version", "evil.example");
  EXPECT_EQ(refused.status, 421);
  EXPECT_THAT(refused.body, HasSubstr("allowed-hosts"));
  EXPECT_EQ(answer("POST /execute HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n").status, 421);
  EXPECT_EQ(get("/version", "api.example.org").status, 200);
  EXPECT_EQ(get("/healthz", "evil.example").status, 200);
  EXPECT_EQ(get("/nothing", "evil.example").status, 404);
}

TEST_F(AdmissionTest, PagesOfAnAllowedOriginMayAsk) {
  const auto preflight = [this](const std::string& origin) {
    return answer("OPTIONS /execute HTTP/1.1\r\nHost: x\r\nOrigin: " + origin +
                  "\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  };
  const auto allowed = preflight("https://app.example.org");
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.headers.at("access-control-allow-origin"), "https://app.example.org");
  EXPECT_EQ(allowed.headers.at("access-control-allow-methods"), "POST");
  EXPECT_THAT(allowed.headers.at("access-control-allow-headers"), HasSubstr("Content-Type"));
  EXPECT_EQ(allowed.headers.at("vary"), "Origin");
  EXPECT_EQ(preflight("https://evil.example").status, 403);
  const auto refused = execute_as("Origin: https://app.example.org\r\n");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.at("access-control-allow-origin"), "https://app.example.org");
  EXPECT_EQ(execute_as("Origin: https://evil.example\r\n").headers.count("access-control-allow-origin"), 0U);
}

TEST(ClientOf, TakesANetworkOfIPv6ForOneClient) {
  const auto client = [](const char* address) { return client_of(net::ip::make_address(address)); };
  EXPECT_EQ(client("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_NE(client("2001:db8:1:3::1"), client("2001:db8:1:2::1"));
}

}  // namespace
}  // namespace cellblock::http
