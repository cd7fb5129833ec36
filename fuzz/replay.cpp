// Feeds files to a fuzz target that is built without libFuzzer, and each of them a number of times with small
// changes: what fuzzing has found once stays found, with any compiler and in every run of the tests.
//
//   TARGET CHANGES PATH...   each path is a file or a directory of files
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "mutate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kLargestInput = 4096;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void feed(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::vector<std::string> read_all(const std::vector<std::string>& paths) {
  std::vector<std::string> inputs;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      inputs.push_back(read(path));
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) inputs.push_back(read(entry.path()));
  }
  return inputs;
}

}  // namespace

// Fails when there is no input at all; a target that finds something ends the process.
// NOLINTNEXTLINE(bugprone-exception-escape): a file that can't be read is a failed test
int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const long changes = std::atol(argv[1]);
  const auto inputs = read_all({argv + 2, argv + argc});
  long count = 0;
  for (const std::string& input : inputs) {
    feed(input);
    ++count;
    std::minstd_rand random(static_cast<unsigned>(std::hash<std::string>{}(input)));
    for (long change = 0; change < changes; ++change, ++count) {
      feed(cellblock::fuzz::mutate(input, inputs, kLargestInput, random));
    }
  }
  std::printf("%ld inputs\n", count);
  return count > 0 ? 0 : 1;
}
