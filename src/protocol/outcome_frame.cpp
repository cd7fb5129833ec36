#include "protocol/outcome_frame.hpp"

#include <utility>

#include "protocol/frame.hpp"

namespace cellblock::protocol {

namespace {

// Kind, count and path of each, to the end of the payload.
std::optional<std::vector<FileDenial>> take_denials(std::string_view& payload) {
  std::vector<FileDenial> denied;
  while (!payload.empty()) {
    const auto kind = static_cast<std::uint8_t>(payload.front());
    payload.remove_prefix(1);
    const auto count = take_u64(payload);
    const auto path = count ? take_segment(payload) : std::nullopt;
    if (kind > static_cast<std::uint8_t>(FileDenial::Kind::kLast) || !path) return std::nullopt;
    if (path->size() > kMaxDenialPath || denied.size() > kMaxFileDenials) return std::nullopt;
    denied.push_back({static_cast<FileDenial::Kind>(kind), *count, std::string(*path)});
  }
  return denied;
}

}  // namespace

std::string encode_outcome(const OutcomeClaim& claim) {
  std::string payload;
  payload.reserve(claim.result_json.size() + claim.error.size() + claim.exception_json.size() + 16);
  payload.push_back(static_cast<char>(claim.kind));
  append_segment(payload, claim.result_json);
  append_segment(payload, claim.error);
  append_segment(payload, claim.exception_json);
  for (const FileDenial& denial : claim.denied) {
    payload.push_back(static_cast<char>(denial.kind));
    append_u64(payload, denial.count);
    append_segment(payload, denial.path);
  }
  return payload;
}

std::optional<OutcomeClaim> decode_outcome(std::string_view payload) {
  if (payload.empty()) return std::nullopt;
  const auto kind = static_cast<std::uint8_t>(payload.front());
  if (kind > static_cast<std::uint8_t>(OutcomeKind::kLast)) return std::nullopt;
  payload.remove_prefix(1);
  OutcomeClaim claim;
  claim.kind = static_cast<OutcomeKind>(kind);
  for (std::string* text : {&claim.result_json, &claim.error, &claim.exception_json}) {
    const auto segment = take_segment(payload);
    if (!segment) return std::nullopt;
    *text = *segment;
  }
  auto denied = take_denials(payload);
  if (!denied) return std::nullopt;
  claim.denied = std::move(*denied);
  return claim;
}

}  // namespace cellblock::protocol
