// What a handler answers: a plain value that the session turns into an HTTP message.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_budget.hpp"
#include "http/asio.hpp"

namespace cellblock::http {

// How long an execution took, for who reads the header of its answer.
struct Timing {
  double queue_ms = 0;
  double run_ms = 0;
};

struct Reply {
  bhttp::status status = bhttp::status::ok;
  std::string body;
  std::string content_type = "application/json";
  std::string allow;                                           // for 405
  std::chrono::seconds retry_after{0};                         // sent unless zero
  std::vector<std::pair<std::string, std::string>> headers{};  // beyond those that every answer has
  bool close = false;             // what follows on this connection cannot be trusted
  std::string reason{};           // refused before the engine had it, see Answered; empty for all else
  std::string id{};               // of the execution that this answers, or would have
  bool replayed = false;          // the answer to an earlier request, once more
  std::optional<Timing> ended{};  // the answer to an execution of this very request
  bool nobody_reads = false;      // the client is gone: send nothing and close
  // The account that the body was made on; nothing for what is small.
  std::shared_ptr<base::Lease> memory;
};

// 503 for what there is no memory for at the moment.
[[nodiscard]] Reply busy_reply(std::string_view error, std::chrono::seconds retry_after);

// A refusal: {"error": error, "status": word}, and `word` as its reason; bytes in `error` that are not UTF-8
// are replaced.
[[nodiscard]] Reply error_reply(bhttp::status status, std::string_view error, std::string_view word);

}  // namespace cellblock::http
