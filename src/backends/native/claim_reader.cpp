#include "backends/native/claim_reader.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/relative_path.hpp"
#include "base/utf8.hpp"
#include "protocol/files_frame.hpp"
#include "protocol/json_check.hpp"
#include "protocol/outcome_frame.hpp"

namespace cellblock::backends::native {
namespace {

using protocol::OutcomeKind;

// Deeper than any result of Python's encoder, which gives up at its recursion limit of 1000.
constexpr std::size_t kResultDepth = 1100;

constexpr std::string_view kOutput = "output";

engine::Status status_of(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kOk:
      return engine::Status::kOk;
    case OutcomeKind::kMissingMain:
      return engine::Status::kMissingMain;
    case OutcomeKind::kSyntaxError:
      return engine::Status::kSyntaxError;
    case OutcomeKind::kException:
      return engine::Status::kException;
    case OutcomeKind::kMemoryError:
      return engine::Status::kMemoryLimit;
    case OutcomeKind::kInvalidResult:
      return engine::Status::kInvalidResult;
    case OutcomeKind::kResultTooLarge:
      return engine::Status::kResultTooLarge;
    case OutcomeKind::kExited:
      return engine::Status::kExited;
    case OutcomeKind::kPolicyViolation:
      return engine::Status::kPolicyViolation;
    case OutcomeKind::kUnplacedFiles:
      return engine::Status::kInvalidRequest;
  }
  return engine::Status::kException;
}

std::string text_field(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_field(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

// Field by field, so that the answer has the contract's shape whatever the cell sends.
std::optional<engine::ExceptionInfo> read_exception(const std::string& text) {
  if (text.empty() || !protocol::check_json(text, 8)) return std::nullopt;
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  engine::ExceptionInfo info;
  info.type = text_field(object, "type");
  info.message = text_field(object, "message");
  info.traceback = text_field(object, "traceback");
  info.line = number_field(object, "line");
  info.column = number_field(object, "column");
  info.end_line = number_field(object, "end_line");
  info.end_column = number_field(object, "end_column");
  for (const auto& [name, field] :
       {std::pair{"text", &info.text}, {"file", &info.file}, {"hint", &info.hint}}) {
    if (const auto found = object.find(name); found != object.end() && found->is_string())
      *field = found->get<std::string>();
  }
  return info;
}

// The words are the service's own, whatever the cell sends.
engine::Denial denial_of(const protocol::FileDenial& denial) {
  using Kind = protocol::FileDenial::Kind;
  std::string what = base::to_valid_utf8(denial.path);
  switch (denial.kind) {
    case Kind::kTree:
      return {std::move(what), "tree", "not in a cell's file tree", denial.count};
    case Kind::kReadOnly:
      return {std::move(what), "read_only", "only /tmp and /dev/shm can be written to", denial.count};
    case Kind::kPermission:
      return {std::move(what), "permission", "not open to the user that a script runs as", denial.count};
    case Kind::kFurther:
      break;
  }
  return {"further files", "further", "beyond the number that this list names", denial.count};
}

std::string why_skipped(const protocol::CellFile& file, std::uint64_t bytes_limit) {
  using State = protocol::CellFile::State;
  switch (file.state) {
    case State::kLink:
      return "a symbolic link";
    case State::kSpecial:
      return file.path == kOutput ? "not a folder" : "not a regular file";
    case State::kTooLarge:
      return "too large for this answer, whose files have at most " + std::to_string(bytes_limit >> 20U) +
             " MB together";
    case State::kTooMany:
      return "too many files, or folders too deep: at most " + std::to_string(protocol::kMaxFiles) +
             " files in 16 levels; an archive is one file";
    case State::kUnreadable:
      return "not readable";
    case State::kName:
      return "its name is no plain path";
    case State::kWhole:
      break;
  }
  return "";
}

}  // namespace

std::optional<CollectedFiles> read_files(std::string_view payload, std::uint64_t bytes_limit) {
  // Without files there is no frame.
  auto files = payload.empty() ? std::nullopt : protocol::decode_files(payload);
  if (!files) return std::nullopt;
  CollectedFiles collected;
  std::uint64_t bytes = 0;
  for (protocol::CellFile& file : *files) {
    const bool whole = file.state == protocol::CellFile::State::kWhole;
    // A client may write the files to where their paths say.
    const bool inside = file.path.starts_with("output/") || (!whole && file.path == kOutput);
    const bool plain = base::fault_of_path(file.path).empty() && inside;
    if (!plain && (whole || !file.path.empty())) return std::nullopt;
    if (!whole) {
      std::string reason = why_skipped(file, bytes_limit);
      collected.skipped.push_back({std::move(file.path), std::move(reason)});
      continue;
    }
    bytes += file.content.size();
    if (bytes > bytes_limit || collected.whole.size() == protocol::kMaxFiles) return std::nullopt;
    collected.whole.push_back({std::move(file.path), std::move(file.content)});
  }
  return collected;
}

std::optional<engine::Claim> read_claim(std::string_view payload, std::uint64_t result_limit) {
  auto raw = protocol::decode_outcome(payload);
  if (!raw || raw->error.size() > kClaimTextLimit || raw->exception_json.size() > kClaimTextLimit) {
    return std::nullopt;
  }
  engine::Claim claim;
  claim.status = status_of(raw->kind);
  for (const protocol::FileDenial& denial : raw->denied) claim.denied.push_back(denial_of(denial));
  if (raw->kind == OutcomeKind::kOk) {
    if (raw->result_json.size() > result_limit) {
      claim.status = engine::Status::kResultTooLarge;
      return claim;
    }
    if (!protocol::check_json(raw->result_json, kResultDepth)) return std::nullopt;
    claim.result_json = std::move(raw->result_json);
    return claim;
  }
  claim.error = base::to_valid_utf8(raw->error);
  claim.exception = read_exception(raw->exception_json);
  return claim;
}

}  // namespace cellblock::backends::native
