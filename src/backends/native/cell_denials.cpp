#include "backends/native/cell_denials.hpp"

#include <utility>

#include "sandbox/refusal_names.hpp"

namespace cellblock::backends::native {

void CellDenials::start() {
  calls_before_ = sandbox::read_refused_calls(ledger_.get()).value_or(0);
  if (calls_before_ != 0) before_ = sandbox::read_ledger(ledger_.get());
}

std::vector<engine::Denial> CellDenials::so_far() const {
  // Eight bytes tell of most scripts that there is nothing to tell.
  if (sandbox::read_refused_calls(ledger_.get()).value_or(0) == calls_before_) return {};
  const auto ledger = sandbox::read_ledger(ledger_.get());
  if (!ledger) return {};
  std::vector<engine::Denial> denied;
  std::uint64_t further = 0;
  for (std::size_t kind = 0; kind < sandbox::kRefusalKinds; ++kind) {
    const std::uint64_t count = ledger->refused[kind] - (before_ ? before_->refused[kind] : 0U);
    if (count == 0) continue;
    if (denied.size() == engine::kMaxDenials) {
      further += count;
      continue;
    }
    sandbox::RefusalName name = sandbox::builtin_refusal_names().of(kind);
    denied.push_back({std::move(name.what), std::move(name.rule), std::move(name.sentence), count});
  }
  if (further != 0) {
    denied.push_back({"further system calls", "further", "beyond the number that this list names", further});
  }
  return denied;
}

}  // namespace cellblock::backends::native
