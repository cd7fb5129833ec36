// micro_bench [--iterations=N] [Google Benchmark's flags]: with a number each benchmark runs exactly so
// often, so that two runs differ by its work alone.
#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "micro.hpp"

int main(int argc, char** argv) {
  constexpr std::string_view kIterations = "--iterations=";
  std::int64_t iterations = 0;
  int kept = 1;
  for (int index = 1; index < argc; ++index) {
    const std::string_view argument = argv[index];
    if (argument.starts_with(kIterations)) {
      const std::string_view number = argument.substr(kIterations.size());
      std::from_chars(number.data(), number.data() + number.size(), iterations);
      if (iterations <= 0) {
        std::fprintf(stderr, "micro_bench: %s needs a number above 0\n", argv[index]);
        return 2;
      }
      continue;
    }
    argv[kept++] = argv[index];
  }
  argc = kept;
  for (const auto& [name, function] : cellblock::micro::all()) {
    auto* registered = benchmark::RegisterBenchmark(name, function);
    if (iterations > 0) registered->Iterations(iterations);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
