#include "jailer/child_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cellblock::jailer {

using sandbox::Step;
using sandbox::step_failed;

tl::expected<std::unique_ptr<ChildDescriptors>, sandbox::StepFailure> ChildDescriptors::reserve(
    std::size_t children) {
  base::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) return step_failed(Step::kHostHandles);
  std::unique_ptr<ChildDescriptors> made(new ChildDescriptors(std::move(null)));
  for (std::size_t set = 0; set < children; ++set) {
    Numbers numbers{};
    for (int& number : numbers) {
      base::Fd held(::fcntl(made->null_.get(), F_DUPFD_CLOEXEC, 0));
      if (!held.valid()) return step_failed(Step::kHostHandles);
      number = held.get();
      made->first_above_ = std::max(made->first_above_, static_cast<unsigned>(number) + 1);
      made->reserved_.push_back(std::move(held));
    }
    made->sets_.push_back(numbers);
    made->free_.push_back(set);
  }
  return made;
}

std::optional<ChildDescriptors::Loan> ChildDescriptors::lend(const Numbers& descriptors) {
  if (free_.empty()) return std::nullopt;
  const std::size_t set = free_.back();
  free_.pop_back();
  Loan loan(*this, set);
  for (std::size_t index = 0; index < kPerChild; ++index) {
    if (descriptors[index] < 0) continue;
    if (::dup3(descriptors[index], sets_[set][index], O_CLOEXEC) < 0) return std::nullopt;
  }
  return loan;
}

void ChildDescriptors::take_back(std::size_t set) {
  for (const int number : sets_[set]) ::dup3(null_.get(), number, O_CLOEXEC);
  free_.push_back(set);
}

}  // namespace cellblock::jailer
