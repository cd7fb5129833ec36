#include "http/health_adapter.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cellblock::http {
namespace {

service::ServiceSettings settings() {
  service::ServiceSettings values;
  values.version = "1.2.3";
  values.isolation = {"restricted",
                      {{"pid", false, "no new namespaces here"}, {"seccomp", true, "allow-list"}}};
  values.python_version = "3.11.2";
  values.libraries = {{"numpy", "1.24.2"}};
  return values;
}

TEST(HealthReply, ShowsIsolationWallByWallAndThePool) {
  service::Health health;
  health.able = true;
  health.security = "Fewer walls.";
  health.pool.ready = 3;
  health.pool.running = 2;
  health.pool.queued = 1;
  const Reply reply = health_reply(settings(), health);
  EXPECT_EQ(reply.status, bhttp::status::ok);
  EXPECT_EQ(
      reply.body,
      R"({"status":"healthy","ok":true,"service":"cellblock","version":"1.2.3","isolation":{"level":"restricted",)"
      R"("walls":{"pid":{"stands":false,"means":"no new namespaces here"},)"
      R"("seccomp":{"stands":true,"means":"allow-list"}}},"security":"Fewer walls.",)"
      R"("features":["args","kwargs","stdin","files","limits","policy","display","streaming","batch","idempotency","openapi"],)"
      R"("pool":{"ready":3,"running":2,"queued":1}})");
}

TEST(HealthReply, Is503WithoutTheHostsDetailsWhenNoCellCanBeMade) {
  service::Health health;
  health.pool.last_error = "mount /srv/secret: EPERM";
  const Reply reply = health_reply(settings(), health);
  EXPECT_EQ(reply.status, bhttp::status::service_unavailable);
  const auto json = nlohmann::json::parse(reply.body);
  EXPECT_EQ(json.at("status"), "unhealthy");
  EXPECT_EQ(json.at("ok"), false);
  EXPECT_TRUE(json.at("error").is_string());
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
}

TEST(ReadinessReply, FollowsTheServicesReadiness) {
  service::Health health;
  EXPECT_EQ(readiness_reply(health).status, bhttp::status::service_unavailable);
  EXPECT_EQ(readiness_reply(health).body, R"({"error":"No cell is ready","status":"not_ready"})");
  health.draining = true;
  EXPECT_EQ(readiness_reply(health).body, R"({"error":"The service is shutting down","status":"not_ready"})");
  health.ready = true;
  EXPECT_EQ(readiness_reply(health).status, bhttp::status::ok);
  EXPECT_EQ(readiness_reply(health).body, R"({"status":"ready"})");
}

TEST(VersionReply, NamesPythonAndLibraries) {
  EXPECT_EQ(version_reply(settings()).body,
            R"({"service":"cellblock","version":"1.2.3","python":"3.11.2","libraries":{"numpy":"1.24.2"}})");
}

}  // namespace
}  // namespace cellblock::http
