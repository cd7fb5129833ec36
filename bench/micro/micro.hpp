// The benchmarks by name; one file for each part of a request's way.
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <utility>

namespace cellblock::micro {

void read_outcome_frame(benchmark::State& state);  // frame_bench.cpp
void encode_run_frame(benchmark::State& state);
void read_http_request(benchmark::State& state);  // request_bench.cpp
void parse_execute_request(benchmark::State& state);
void write_envelope(benchmark::State& state);  // response_bench.cpp
void write_http_response(benchmark::State& state);

inline auto all() {
  return std::array{
      std::pair{"frame/read_outcome", &read_outcome_frame},
      std::pair{"frame/encode_run", &encode_run_frame},
      std::pair{"request/http", &read_http_request},
      std::pair{"request/execute", &parse_execute_request},
      std::pair{"response/envelope", &write_envelope},
      std::pair{"response/http", &write_http_response},
  };
}

}  // namespace cellblock::micro
