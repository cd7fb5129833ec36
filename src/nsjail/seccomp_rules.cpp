// A Kafel policy can only take from what cellblock's own policy allows: calls that it refuses are refused as
// well.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "nsjail/kafel.hpp"
#include "nsjail/reading.hpp"
#include "sandbox/needed_calls.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::nsjail {
namespace {

// Names of the kernel's own functions, which Kafel takes for calls.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOtherNames = {{
    {"newstat", "stat"},
    {"newfstat", "fstat"},
    {"newlstat", "lstat"},
    {"newuname", "uname"},
    {"sendfile64", "sendfile"},
    {"fadvise64_64", "fadvise64"},
}};

std::string usual_name(const std::string& name) {
  for (const auto& [other, usual] : kOtherNames) {
    if (other == name) return std::string(usual);
  }
  return name;
}

// A piece of the policy, and where in the configuration it is.
struct Piece {
  int first_line;  // in the whole policy's text
  Place place;
};

class Translation {
 public:
  Translation(Reading& reading, std::vector<Piece> pieces) : reading_(&reading), pieces_(std::move(pieces)) {}

  void translate(const std::string& text) {
    KafelPolicy policy = parse_kafel(text);
    for (const KafelProblem& problem : policy.problems) add(problem.line, problem.text);
    for (KafelRule& rule : policy.rules) {
      rule.call = usual_name(rule.call);
      if (!sandbox::syscall_number({.name = rule.call, .tests = {}}))
        add(rule.line, "no system call '" + rule.call + "'");
    }
    if (policy.otherwise == KafelAction::kOther)
      add(policy.default_line, "only ALLOW and refusals can be a DEFAULT");
    // Half a policy says little about a call.
    if (!policy.problems.empty()) return;
    const auto ours = sandbox::parse_seccomp_policy(sandbox::builtin_seccomp_policy());
    std::set<std::string> allowed;
    if (ours) {
      for (const auto& rule : *ours) {
        if (rule.error == 0) allowed.insert(rule.name);
      }
    }
    std::vector<std::string> refused;
    for (const std::string& call : allowed) {
      if (!is_refused(policy, call)) continue;
      refused.push_back(call);
      if (const auto reason = sandbox::why_needed(call); !reason.empty()) {
        add(line_of(policy, call), "cells need '" + call + "': " + std::string(reason));
      }
    }
    if (good_) apply(refused);
  }

 private:
  void add(int line, const std::string& text) {
    good_ = false;
    const auto after = std::find_if(pieces_.begin(), pieces_.end(),
                                    [line](const Piece& piece) { return piece.first_line > line; });
    const Piece& piece = after == pieces_.begin() ? pieces_.front() : *std::prev(after);
    const int inner = line - piece.first_line + 1;
    reading_->add(piece.place, Outcome::kNotSupported,
                  inner > 1 ? "line " + std::to_string(inner) + " of the policy: " + text : text);
  }

  // Where a call is decided on.
  static int line_of(const KafelPolicy& policy, const std::string& call) {
    for (const KafelRule& rule : policy.rules) {
      if (rule.call == call) return rule.line;
    }
    return std::max(policy.default_line, 1);
  }

  bool is_refused(const KafelPolicy& policy, const std::string& call) {
    const auto rule = std::find_if(policy.rules.begin(), policy.rules.end(),
                                   [&call](const KafelRule& candidate) { return candidate.call == call; });
    if (rule == policy.rules.end()) return policy.otherwise == KafelAction::kRefuse;
    if (rule->conditional) {
      add(rule->line, "a condition on the arguments of '" + call + "': calls can be refused or not");
    } else if (rule->action == KafelAction::kOther) {
      add(rule->line, "'" + call + "' can be allowed or refused, and not watched");
    }
    return rule->action == KafelAction::kRefuse;
  }

  void apply(const std::vector<std::string>& refused) {
    const Place& place = pieces_.front().place;
    if (refused.empty()) {
      reading_->add(place, Outcome::kAlreadySo, "cellblock's own policy refuses all that, and more");
      return;
    }
    reading_->append(place, "refuse-calls", refused);
  }

  Reading* reading_;
  std::vector<Piece> pieces_;
  bool good_ = true;
};

}  // namespace

void read_seccomp(Reading& reading, const ParsedText& parsed) {
  std::vector<Piece> pieces;
  std::string text;
  const auto place_of = [&parsed](const char* field, int index) {
    return Place{&parsed.message, NsJailConfig::descriptor()->FindFieldByName(field), index,
                 parsed.places.get(), field};
  };
  const auto append = [&](const std::string& piece, Place place) {
    pieces.push_back({static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1, std::move(place)});
    text += piece + '\n';
  };
  for (int index = 0; index < parsed.message.seccomp_string_size(); ++index) {
    append(parsed.message.seccomp_string(index), place_of("seccomp_string", index));
  }
  if (parsed.message.has_seccomp_policy_file()) {
    const Place place = place_of("seccomp_policy_file", -1);
    const auto contents = reading.surroundings().read_file(parsed.message.seccomp_policy_file());
    if (!contents) {
      reading.add(place, Outcome::kWrong, contents.error().message());
      return;
    }
    append(*contents, place);
  }
  if (!pieces.empty()) Translation(reading, std::move(pieces)).translate(text);
}

}  // namespace cellblock::nsjail
