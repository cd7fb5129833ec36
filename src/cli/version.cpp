#include "version.hpp"

#include <cstdio>

#include "cli/commands.hpp"

namespace cellblock::cli {

int version() {
  std::printf("cellblock %s\n", kVersion);
  return kExitOk;
}

}  // namespace cellblock::cli
