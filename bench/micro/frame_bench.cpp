// What goes into a cell and comes out of it.
#include <string>

#include "micro.hpp"
#include "protocol/frame.hpp"
#include "protocol/outcome_frame.hpp"
#include "protocol/run_frame.hpp"

namespace cellblock::micro {

void read_outcome_frame(benchmark::State& state) {
  protocol::OutcomeClaim claim;
  claim.result_json = R"({"sum": 3496.5})";
  const std::string bytes =
      protocol::encode_frame(protocol::FrameKind::kOutcome, protocol::encode_outcome(claim));
  for (auto _ : state) {
    protocol::FrameReader reader(std::size_t{1} << 20U);
    reader.feed(bytes);
    auto frame = reader.next();
    benchmark::DoNotOptimize(protocol::decode_outcome((*frame)->payload));
  }
}

void encode_run_frame(benchmark::State& state) {
  protocol::RunRequest request;
  request.script = std::string(1000, 'x');
  request.args_json = "[]";
  request.kwargs_json = "{}";
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        protocol::encode_frame(protocol::FrameKind::kRun, protocol::encode_run(request)));
  }
}

}  // namespace cellblock::micro
