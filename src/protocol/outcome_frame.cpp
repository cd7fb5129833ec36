#include "protocol/outcome_frame.hpp"

#include "protocol/frame.hpp"

namespace cellblock::protocol {

std::string encode_outcome(const OutcomeClaim& claim) {
  std::string payload;
  payload.reserve(claim.result_json.size() + claim.error.size() + claim.exception_json.size() + 16);
  payload.push_back(static_cast<char>(claim.kind));
  append_segment(payload, claim.result_json);
  append_segment(payload, claim.error);
  append_segment(payload, claim.exception_json);
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
  if (!payload.empty()) return std::nullopt;
  return claim;
}

}  // namespace cellblock::protocol
