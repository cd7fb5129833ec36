// A whole server on an ephemeral port over the fake backend.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "backends/fake/fake_backend.hpp"
#include "http/raw_client_for_test.hpp"
#include "http/server.hpp"

namespace cellblock::http {

class ServerFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.host = "127.0.0.1";
    options_.port = 0;
    adjust(options_);
    auto server = Server::bind(options_, service_);
    ASSERT_TRUE(server) << server.error().message();
    server_ = std::move(*server);
    server_->start();
    ASSERT_TRUE(becomes([this] { return service_.health().ready; }));
  }

  virtual void adjust(ServerOptions&) {}

  [[nodiscard]] RawClient client() const { return RawClient(server_->port()); }

  // Within two seconds.
  [[nodiscard]] static bool becomes(const std::function<bool()>& wanted) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (std::chrono::steady_clock::now() < until) {
      if (wanted()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return wanted();
  }
  [[nodiscard]] bool running_becomes(std::uint32_t count) const {
    return becomes([this, count] { return service_.health().pool.running == count; });
  }

  ServerOptions options_;
  std::shared_ptr<fake::FakeControl> control_ = std::make_shared<fake::FakeControl>();
  engine::Engine engine_{engine::EngineOptions{4, 8, {4}},
                         std::make_unique<fake::FakeBackend>(fake::Options{}, control_)};
  service::ExecutionService service_{
      service::ServiceSettings{{}, {}, "1.2.3", {"full", {{"pid", true, "namespace"}}}, "3.11.2", {}},
      engine_};
  std::unique_ptr<Server> server_;
};

}  // namespace cellblock::http
