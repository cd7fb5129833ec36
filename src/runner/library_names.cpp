#include "runner/library_names.hpp"

#include <dlfcn.h>
#include <link.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace cellblock::runner {
namespace {

int collect(dl_phdr_info* library, std::size_t /*size*/, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(library->dlpi_name);
  return 0;
}

}  // namespace

void learn_library_names() {
  std::vector<std::string> names;
  // First all names, then the opening: the loader holds its lock while it lists.
  ::dl_iterate_phdr(collect, &names);
  for (const std::string& name : names) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(name, error);
    // The program itself and the vDSO have no file of their name.
    if (error) continue;
    // Finds the library by its inode and so adds the name; the handle is kept as long as the process lives.
    ::dlopen(real.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  }
}

}  // namespace cellblock::runner
