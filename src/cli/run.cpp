#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "backends/native/native_backend.hpp"
#include "cli/commands.hpp"
#include "cli/setup.hpp"
#include "engine/engine.hpp"
#include "service/envelope.hpp"
#include "service/execution_service.hpp"

namespace cellblock::cli {
namespace {

base::Result<std::string> read_text(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return base::errno_error("read " + path);
  if (S_ISDIR(about.st_mode)) return tl::make_unexpected(base::Error{"read " + path, EISDIR, {}});
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::errno_error("read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

base::Result<nlohmann::json> json_argument(const std::string& option, const std::string& text) {
  auto value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    return base::make_error(option + " " + text + ": not JSON",
                            "a string needs its quotes: " + option + " '\"text\"'");
  }
  return value;
}

// The body that a client would post, so that both ways go through the same checks.
base::Result<std::string> request_body(const RunArguments& arguments) {
  nlohmann::json body;
  const auto script = read_text(arguments.file);
  if (!script) return tl::make_unexpected(script.error());
  body["script"] = *script;
  body["args"] = nlohmann::json::array();
  body["kwargs"] = nlohmann::json::object();
  for (const std::string& text : arguments.args) {
    auto value = json_argument("--arg", text);
    if (!value) return tl::make_unexpected(value.error());
    body["args"].push_back(std::move(*value));
  }
  for (const std::string& text : arguments.kwargs) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return base::make_error("--kwarg " + text + ": not NAME=JSON", "for example --kwarg limit=10");
    }
    auto value = json_argument("--kwarg", text.substr(equals + 1));
    if (!value) return tl::make_unexpected(value.error());
    body["kwargs"][text.substr(0, equals)] = std::move(*value);
  }
  if (!arguments.stdin_file.empty()) {
    const auto input = read_text(arguments.stdin_file);
    if (!input) return tl::make_unexpected(input.error());
    body["stdin"] = *input;
  }
  // Bytes that are no UTF-8 can't be sent as JSON.
  try {
    return body.dump();
  } catch (const nlohmann::json::exception&) {
    return base::make_error("read " + arguments.file + ": not UTF-8");
  }
}

int exit_code(engine::Status status) {
  switch (status) {
    case engine::Status::kOk:
      return kExitOk;
    case engine::Status::kInvalidRequest:
      return kExitUsage;
    case engine::Status::kOverloaded:
    case engine::Status::kCancelled:
    case engine::Status::kInternalError:
      return kExitCannotSeal;
    default:
      return kExitScriptFault;
  }
}

void print(const engine::Outcome& outcome, bool envelope) {
  if (envelope) {
    std::cout << service::envelope_json(outcome, "run") << std::endl;
    return;
  }
  std::cerr << outcome.stdout_text << outcome.stderr_text;
  if (outcome.status == engine::Status::kOk) {
    std::cout << outcome.result_json << std::endl;
    return;
  }
  if (outcome.exception) std::cerr << outcome.exception->traceback;
  std::cerr << "cellblock: " << outcome.error << (outcome.detail.empty() ? "" : ": " + outcome.detail)
            << std::endl;
}

engine::Outcome execute(service::ExecutionService& service, const std::string& body) {
  std::promise<engine::Outcome> promise;
  auto future = promise.get_future();
  auto submitted = service.submit(
      body, "run", [&promise](engine::Outcome outcome) { promise.set_value(std::move(outcome)); });
  if (!submitted) return submitted.error();
  return future.get();
}

}  // namespace

int run(const config::Options& given, const RunArguments& arguments) {
  const auto body = request_body(arguments);
  if (!body) {
    std::fprintf(stderr, "cellblock: %s\n", body.error().message().c_str());
    return kExitUsage;
  }
  const Host host = examine_host(given);
  if (auto accepted = accept(host, given); !accepted) {
    std::fprintf(stderr, "cellblock: %s\n", accepted.error().message().c_str());
    return kExitCannotSeal;
  }
  const config::Options options = at_level(given, host.level);
  const Pools pools = pool_for(options, nlohmann::json::parse(*body)["script"].get<std::string>());
  auto jailer = backends::native::launch_jailer(jail_spec_from(options, pools, host), kStartLimit);
  if (!jailer) {
    std::fprintf(stderr, "cellblock: %s\n", jailer.error().message().c_str());
    return kExitCannotSeal;
  }
  const auto settings = settings_from(options, pools, host, jailer->versions_json);
  backends::native::NativeEvents events;
  events.zygote = [](const std::string&) {};
  events.unable = [](const std::string& text) { std::fprintf(stderr, "cellblock: %s\n", text.c_str()); };
  events.fatal = [](const std::string&) {};
  engine::EngineOptions one;
  one.max_running = 1;
  one.pool_sizes = pools.sizes;
  engine::Engine engine(
      one, backends::native::make_native_backend(std::move(*jailer), cell_defaults_from(options, nullptr),
                                                 std::move(events)));
  service::ExecutionService service(settings, engine);
  const engine::Outcome outcome = execute(service, *body);
  engine.drain(std::chrono::milliseconds(0));
  print(outcome, arguments.envelope);
  return exit_code(outcome.status);
}

}  // namespace cellblock::cli
