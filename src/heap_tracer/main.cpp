// cellblock-heap-tracer OPTION FILE SCRIPT…: starts an interpreter as a zygote does, with the modules that
// OPTION (preload-light or preload) names by default, runs the scripts in it, and writes the layout of what
// they wrote to into FILE. A script that fails is left out, with a word on standard error; without the
// modules the layout is empty. Meant for the build alone.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "config/option_table.hpp"
#include "heap/layout.hpp"
#include "heap/python_heap.hpp"
#include "heap_tracer/hot_objects.hpp"
#include "heap_tracer/write_trace.hpp"
#include "runner/interpreter.hpp"

namespace cellblock::heap_tracer {
namespace {

std::vector<std::string> default_modules(std::string_view option) {
  std::vector<std::string> modules;
  for (const config::OptionSpec& spec : config::option_table()) {
    if (spec.name != option) continue;
    std::istringstream list{std::string(spec.standard)};
    for (std::string name; std::getline(list, name, ',');) modules.push_back(name);
  }
  return modules;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

protocol::RunRequest request_of(const std::string& path) {
  protocol::RunRequest request;
  request.script = read_text(path);
  request.args_json = "[]";
  request.kwargs_json = "{}";
  request.result_bytes = 1U << 20U;
  return request;
}

// As in a zygote: what the scripts print is nothing that a build should show.
bool silence_output() {
  const base::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  return null.valid() && ::dup2(null.get(), STDOUT_FILENO) == STDOUT_FILENO;
}

heap::Layout make_layout(const std::vector<std::string>& modules, const std::vector<std::string>& scripts) {
  const auto heap = heap::PythonHeap::recording();
  const auto interpreter = runner::Interpreter::start(modules, *heap);
  std::set<std::uintptr_t> addresses;
  for (const auto& [address, object] : heap->live()) addresses.insert(address);
  const auto ranges = writable_ranges_with(addresses);
  if (!interpreter || !ranges) {
    std::cerr << "no layout: " << (interpreter ? ranges.error() : interpreter.error()).message() << '\n';
    return {};
  }
  std::vector<std::uintptr_t> writes;
  const auto trace = [&](const std::string& name, const std::function<bool()>& prepare,
                         const std::function<bool()>& work) {
    const auto traced = trace_writes(*ranges, prepare, work);
    if (traced) writes.insert(writes.end(), traced->begin(), traced->end());
    if (!traced) std::cerr << name << ": " << traced.error().message() << '\n';
  };
  const auto unprepared = [] { return true; };
  using Priming = runner::Interpreter::Priming;
  trace("priming", unprepared, [&] { return (*interpreter)->prime(Priming::kAlways); });
  trace("idle priming", unprepared, [&] { return (*interpreter)->prime(Priming::kIdle); });
  for (const std::string& path : scripts) {
    const protocol::RunRequest request = request_of(path);
    const auto run = [&] {
      const auto claim = (*interpreter)->execute(request, {});
      if (claim.kind != protocol::OutcomeKind::kOk) std::cerr << path << ": " << claim.error << '\n';
      return claim.kind == protocol::OutcomeKind::kOk;
    };
    // What it imports is read beforehand: the kernel would have to write to buffers.
    trace(path, run, run);
  }
  return hot_objects(writes, heap->live());
}

}  // namespace
}  // namespace cellblock::heap_tracer

int main(int count, char** arguments) {
  namespace heap = cellblock::heap;
  namespace heap_tracer = cellblock::heap_tracer;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2 || !heap_tracer::silence_output()) return 2;
  const heap::Layout layout =
      heap_tracer::make_layout(heap_tracer::default_modules(words[0]), {words.begin() + 2, words.end()});
  std::ofstream file(words[1], std::ios::binary);
  file << heap::encode_layout(layout);
  file.close();
  return file ? 0 : 1;
}
