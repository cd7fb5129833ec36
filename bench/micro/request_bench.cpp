// From the bytes of a request to a job.
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_budget.hpp"
#include "http/request_parser.hpp"
#include "micro.hpp"
#include "service/execute_request.hpp"

namespace cellblock::micro {
namespace {

constexpr std::string_view kBody =
    R"({"script": "import math\ndef main(x, y=2):\n    print('hi')\n    return {'root': math.sqrt(x * y)}",)"
    R"( "args": [8], "kwargs": {"y": 2}, "limits": {"wall_s": 5, "memory_mb": 128}})";

}  // namespace

void read_http_request(benchmark::State& state) {
  const std::string bytes =
      "POST /execute HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: micro\r\nAccept: */*\r\n"
      "Content-Type: application/json\r\nContent-Length: " +
      std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody);
  const auto budget = std::make_shared<base::ByteBudget>(1U << 20U);
  http::beast::flat_buffer buffer;
  for (auto _ : state) {
    const auto space = buffer.prepare(bytes.size());
    std::memcpy(space.data(), bytes.data(), bytes.size());
    buffer.commit(bytes.size());
    base::Lease lease(budget, base::ByteBudget::Use::kRequest);
    http::RequestParser parser(8U << 10U);
    if (parser.read_header(buffer) || parser.admit_body(1U << 20U, lease) || parser.read_body(buffer)) {
      state.SkipWithError("the request is refused");
      break;
    }
    benchmark::DoNotOptimize(parser.request().body());
  }
}

void parse_execute_request(benchmark::State& state) {
  const service::RequestBounds bounds;
  for (auto _ : state) {
    const auto job = service::parse_execute_request(kBody, bounds);
    if (!job) {
      state.SkipWithError("the body is refused");
      break;
    }
    benchmark::DoNotOptimize(job->script);
  }
}

}  // namespace cellblock::micro
