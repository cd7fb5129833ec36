// A Kafel policy can only take from what cellblock's own policy allows: calls that it refuses are refused as
// well.
#include <algorithm>
#include <array>
#include <map>
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

// What the lines of cellblock's own policy that allow a call ask of its arguments.
using Lines = std::vector<std::vector<sandbox::ArgumentTest>>;
using AllowedCalls = std::map<std::string, Lines>;

AllowedCalls lines_that_allow() {
  AllowedCalls allowed;
  const auto ours = sandbox::parse_seccomp_policy(sandbox::builtin_seccomp_policy());
  if (!ours) return allowed;
  for (const auto& rule : *ours) {
    if (rule.error == 0) allowed[rule.name].push_back(rule.tests);
  }
  return allowed;
}

// Of a call that a policy names by its number; empty for those that cells can't make anyway.
std::string name_of(const KafelRule& rule, const AllowedCalls& allowed) {
  for (const auto& [name, lines] : allowed) {
    const auto number = sandbox::syscall_number({.name = name, .tests = {}});
    if (number && *number >= 0 && *number == rule.number) return name;
  }
  return {};
}

enum class Decision : std::uint8_t { kAllowed, kRefused, kMoreThanAsked };

class Translation {
 public:
  Translation(Reading& reading, std::vector<Piece> pieces) : reading_(&reading), pieces_(std::move(pieces)) {}

  void translate(const std::string& text) {
    KafelPolicy policy = parse_kafel(text);
    for (const KafelProblem& problem : policy.problems) add(problem.line, problem.text);
    const auto allowed = lines_that_allow();
    for (KafelRule& rule : policy.rules) {
      rule.call = rule.call.empty() ? name_of(rule, allowed) : usual_name(rule.call);
      if (!rule.call.empty() && !sandbox::syscall_number({.name = rule.call, .tests = {}}))
        add(rule.line, "no system call '" + rule.call + "'");
    }
    if (policy.otherwise == KafelAction::kOther)
      add(policy.default_line, "only ALLOW and refusals can be a DEFAULT");
    // Half a policy says little about a call.
    if (!policy.problems.empty()) return;
    std::vector<std::string> refused;
    for (const auto& [call, lines] : allowed) {
      const Decision decision = decide(policy, call, lines);
      if (decision == Decision::kAllowed) continue;
      const bool more_than_asked = decision == Decision::kMoreThanAsked;
      refused.push_back(call);
      if (more_than_asked) wider_.push_back(call);
      if (const auto reason = sandbox::why_needed(call); !reason.empty()) {
        add(line_of(policy, call),
            "cells need '" + call + "': " + std::string(reason) +
                (more_than_asked ? "; its condition can't be told apart from the whole call" : ""));
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

  // The first rule that holds for a call counts. Where a condition may hold or not, the call is refused
  // altogether: more than was asked for, and never less.
  Decision decide(const KafelPolicy& policy, const std::string& call, const Lines& lines) {
    bool sometimes_refused = false;
    bool sometimes_allowed = false;
    for (const KafelRule& rule : policy.rules) {
      if (rule.call != call) continue;
      const Holds when = rule.condition ? holds(*rule.condition, lines) : Holds::kAlways;
      if (when == Holds::kNever) continue;
      if (rule.action == KafelAction::kOther) {
        add(rule.line, "'" + call + "' can be allowed or refused, and not watched");
        return Decision::kAllowed;
      }
      const bool refuses = rule.action == KafelAction::kRefuse;
      if (when == Holds::kAlways) return decision(refuses, sometimes_refused, sometimes_allowed);
      (refuses ? sometimes_refused : sometimes_allowed) = true;
    }
    return decision(policy.otherwise == KafelAction::kRefuse, sometimes_refused, sometimes_allowed);
  }

  static Decision decision(bool otherwise_refused, bool sometimes_refused, bool sometimes_allowed) {
    if (!otherwise_refused && !sometimes_refused) return Decision::kAllowed;
    const bool partly_allowed = !otherwise_refused || sometimes_allowed;
    return partly_allowed ? Decision::kMoreThanAsked : Decision::kRefused;
  }

  void apply(const std::vector<std::string>& refused) {
    const Place& place = pieces_.front().place;
    if (refused.empty()) {
      reading_->add(place, Outcome::kAlreadySo, "cellblock's own policy refuses all that, and more");
      return;
    }
    std::string remark;
    for (const std::string& call : wider_) remark += (remark.empty() ? "" : ", ") + call;
    if (!remark.empty()) remark += ": with any arguments, which is more than the policy refuses";
    reading_->append(place, "refuse-calls", refused, remark);
  }

  Reading* reading_;
  std::vector<Piece> pieces_;
  std::vector<std::string> wider_;  // calls whose conditions can't be kept
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
