// Descriptor numbers that stay reserved for what first processes are given.
//
// The jailer holds some ten descriptors for each slot. A fork copies them all and the child closes them all,
// which takes longer than making its namespaces. So a first process shares the jailer's table for its first
// moment and then takes a copy of the part below first_above(), where only this class puts anything.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

class ChildDescriptors {
 public:
  static constexpr std::size_t kPerChild = 4;
  using Numbers = std::array<int, kPerChild>;

  // The numbers of one child. Keep it until the child has a table of its own: what it holds is open in the
  // jailer, too, as long as it lives.
  class Loan {
   public:
    Loan(ChildDescriptors& from, std::size_t set) : from_(&from), set_(set) {}
    Loan(Loan&& other) noexcept : from_(std::exchange(other.from_, nullptr)), set_(other.set_) {}
    Loan& operator=(Loan&& other) noexcept {
      std::swap(from_, other.from_);
      std::swap(set_, other.set_);
      return *this;
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() {
      if (from_ != nullptr) from_->take_back(set_);
    }
    [[nodiscard]] const Numbers& numbers() const { return from_->sets_[set_]; }

   private:
    ChildDescriptors* from_;
    std::size_t set_;
  };

  // Takes the lowest numbers that are free: call it before the descriptors of slots are open.
  static tl::expected<std::unique_ptr<ChildDescriptors>, sandbox::StepFailure> reserve(std::size_t children);

  // Duplicates these, in order, under reserved numbers; -1 is left out. nullopt when all are lent.
  std::optional<Loan> lend(const Numbers& descriptors);
  [[nodiscard]] unsigned first_above() const { return first_above_; }

 private:
  explicit ChildDescriptors(base::Fd null) : null_(std::move(null)) {}
  void take_back(std::size_t set);

  base::Fd null_;  // what holds a number that is not lent
  std::vector<base::Fd> reserved_;
  std::vector<Numbers> sets_;
  std::vector<std::size_t> free_;
  unsigned first_above_ = 0;
};

}  // namespace cellblock::jailer
