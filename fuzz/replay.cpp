// Feeds files to a fuzz target that is built without libFuzzer: what fuzzing has found once stays found, with
// any compiler and in every run of the tests.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void feed(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

// Each argument is a file or a directory of files. Fails when there is none at all.
// NOLINTNEXTLINE(bugprone-exception-escape): a file that can't be read is a failed test
int main(int argc, char** argv) {
  int count = 0;
  for (int index = 1; index < argc; ++index) {
    if (!std::filesystem::is_directory(argv[index])) {
      feed(argv[index]);
      ++count;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[index])) {
      feed(entry.path());
      ++count;
    }
  }
  std::printf("%d inputs\n", count);
  return count > 0 ? 0 : 1;
}
