#include "backends/fake/script.hpp"

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>

namespace cellblock::fake {
namespace {

using engine::Claim;
using engine::Exit;
using engine::Status;

int number(const std::string& text) {
  return std::atoi(text.c_str());
}

Claim ok_claim(std::string result_json) {
  Claim claim;
  claim.result_json = std::move(result_json);
  return claim;
}

// "exception ValueError: no": the contract's word for the status, then the error.
Claim failed_claim(const std::string& text) {
  const auto space = text.find(' ');
  const std::string word = text.substr(0, space);
  Claim claim;
  claim.status = Status::kException;
  for (auto status = Status::kOk; status <= Status::kInternalError;
       status = static_cast<Status>(static_cast<int>(status) + 1)) {
    if (engine::status_name(status) == word) claim.status = status;
  }
  if (space != std::string::npos) claim.error = text.substr(space + 1);
  if (claim.status == Status::kException || claim.status == Status::kSyntaxError) {
    const auto colon = claim.error.find(": ");
    engine::ExceptionInfo info;
    info.type = claim.error.substr(0, colon);
    if (colon != std::string::npos) info.message = claim.error.substr(colon + 2);
    info.line = 1;
    claim.exception = std::move(info);
  }
  return claim;
}

bool set_output(Behaviour& behaviour, const std::string& command, const std::string& rest) {
  engine::Report& report = behaviour.report;
  if (command == "print") {
    report.stdout_text += rest + "\n";
  } else if (command == "warn") {
    report.stderr_text += rest + "\n";
  } else if (command == "sleep") {
    behaviour.after += std::chrono::milliseconds(number(rest));
  } else {
    return false;
  }
  return true;
}

bool set_ending(Behaviour& behaviour, const std::string& command, const std::string& rest) {
  engine::Report& report = behaviour.report;
  if (command == "result") {
    report.claim = ok_claim(rest);
  } else if (command == "claim") {
    report.claim = failed_claim(rest);
  } else if (command == "exit") {
    report.exit = Exit{.value = number(rest)};
  } else if (command == "signal") {
    report.exit = Exit{.signalled = true, .value = number(rest)};
  } else if (command == "oom") {
    report.exit = Exit{.signalled = true, .value = SIGKILL, .out_of_memory = true};
  } else if (command == "flood") {
    report.output_flood = true;
    report.stdout_truncated = true;
  } else if (command == "forge") {
    report.forged = true;
  } else if (command == "big") {
    report.result_too_large = true;
  } else if (command == "broken") {
    report.broken = rest;
  } else if (command == "unstarted") {
    report.unstarted = true;
    report.broken = "dead before the script came";
  } else if (command == "hang") {
    behaviour.hangs = true;
  } else if (command == "deaf") {
    behaviour.deaf = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Behaviour follow_script(const engine::Job& job) {
  Behaviour behaviour;
  bool ended = false;
  std::istringstream lines(job.script);
  for (std::string line; !ended && std::getline(lines, line);) {
    const auto space = line.find(' ');
    const std::string command = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (!set_output(behaviour, command, rest)) ended = set_ending(behaviour, command, rest);
  }
  if (!ended) behaviour.report.claim = ok_claim(job.args_json);
  return behaviour;
}

}  // namespace cellblock::fake
