// The GET routes. None of them starts a process or waits for one.
#pragma once

#include "http/asio.hpp"
#include "http/reply.hpp"
#include "http/routes.hpp"

namespace cellblock::http {

[[nodiscard]] net::awaitable<Reply> health(Exchange& exchange);     // for people: what stands, what runs
[[nodiscard]] net::awaitable<Reply> liveness(Exchange& exchange);   // /healthz: the process answers
[[nodiscard]] net::awaitable<Reply> readiness(Exchange& exchange);  // /readyz: send requests here
[[nodiscard]] net::awaitable<Reply> version(Exchange& exchange);
[[nodiscard]] net::awaitable<Reply> metrics(Exchange& exchange);  // for Prometheus

// What the routes answer, apart from the connection.
[[nodiscard]] Reply health_reply(const service::ServiceSettings& settings, const service::Health& health);
[[nodiscard]] Reply readiness_reply(const service::Health& health);
[[nodiscard]] Reply version_reply(const service::ServiceSettings& settings);

}  // namespace cellblock::http
