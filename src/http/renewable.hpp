// What a reload replaces while requests are served. Whoever has got a value keeps it for as long as it needs
// it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "http/api_keys.hpp"

namespace cellblock::http {

struct TlsContext;

// Any thread may call anything.
template <typename Value>
class Renewable {
 public:
  explicit Renewable(std::shared_ptr<Value> value = nullptr) : value_(std::move(value)) {}

  [[nodiscard]] std::shared_ptr<Value> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(std::shared_ptr<Value> value) {
    // The former one dies outside of the lock.
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Value> value_;  // guarded by mutex_
};

// Empty ones: nobody needs a key, nothing is encrypted.
struct Renewables {
  Renewable<const ApiKeys> keys;
  Renewable<TlsContext> tls;
};

}  // namespace cellblock::http
