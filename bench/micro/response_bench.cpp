// From an outcome to the bytes of the answer.
#include <utility>

#include "http/response.hpp"
#include "micro.hpp"
#include "service/envelope.hpp"

namespace cellblock::micro {
namespace {

constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";

engine::Outcome outcome() {
  engine::Outcome outcome;
  outcome.status = engine::Status::kOk;
  outcome.result_json = R"({"root": 4.0})";
  outcome.stdout_text = "hi\n";
  outcome.usage.wall_ms = 0.4;
  return outcome;
}

}  // namespace

void write_envelope(benchmark::State& state) {
  const engine::Outcome done = outcome();
  for (auto _ : state) benchmark::DoNotOptimize(service::envelope_json(done, kId));
}

void write_http_response(benchmark::State& state) {
  const std::string body = service::envelope_json(outcome(), kId);
  for (auto _ : state) {
    http::Reply reply;
    reply.body = body;
    http::Framing framing;
    framing.keep_alive = true;
    framing.request_id = std::string(kId);
    const http::Response response = http::make_response(std::move(reply), framing);
    benchmark::DoNotOptimize(http::header_text(response));
  }
}

}  // namespace cellblock::micro
