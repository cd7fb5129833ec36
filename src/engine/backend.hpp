// What the engine needs of something that can run scripts. native/ has cells of the jailer, or of nsjail in
// its place; fake/ is for tests.
//
// All functions are called on the engine's thread and all callbacks must arrive there, never from
// inside the call that took them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/error.hpp"
#include "engine/execution.hpp"
#include "engine/live.hpp"

namespace cellblock::engine {

// What the script's own interpreter says of the run. Nothing in it is to be believed beyond the one
// execution that it belongs to; sizes and UTF-8 have been checked by the backend.
struct Claim {
  Status status = Status::kOk;  // one of kOk … kInvalidResult, kResultTooLarge, kExited, kPolicyViolation,
                                // kMemoryLimit (an uncaught MemoryError)
  std::string result_json = "null";
  std::string error;
  std::optional<ExceptionInfo> exception;
  std::vector<Denial> denied{};  // files that were refused to it
  std::vector<File> files{};
  std::vector<SkippedFile> skipped_files{};
};

// How the interpreter's process ended, as the kernel told the zygote.
struct Exit {
  bool signalled = false;
  int value = 0;               // exit code or signal number
  bool out_of_memory = false;  // the kernel's OOM killer struck in this cell
  double cpu_ms = 0;
};

// Everything known of a finished run. Exactly one of claim, exit and broken tells why it ended.
struct Report {
  std::optional<Claim> claim;
  std::optional<Exit> exit;
  std::string broken;         // the backend lost the cell (zygote died, protocol error): a reason for the log
  bool forged = false;        // the cell wrote bytes that are no frame
  bool output_flood = false;  // ended because of endless output
  bool cpu_used_up = false;   // ended because its processes together reached the CPU limit
  bool result_too_large = false;  // announced a result beyond the limit
  bool no_room = false;  // ended because the service has no memory left for what comes out of the cell
  // The cell was dead before the script reached it and nothing of the script can have run: the engine
  // may give the job to another cell. Set beside `broken` or `exit`.
  bool unstarted = false;
  std::string stdout_text;
  std::string stderr_text;
  bool stdout_truncated = false;
  bool stderr_truncated = false;
  std::optional<Shown> display;  // what was shown until the end; if the job asked for it
  Usage usage;
  std::shared_ptr<base::Lease> memory;  // the account of the texts; may be empty
  std::vector<Denial> denied;           // system calls; not the cell's word
};

// One sealed, warm interpreter that serves one execution. Destroying it ends everything inside.
class Cell {
 public:
  Cell() = default;
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  virtual ~Cell() = default;

  // The service has nothing else to do: the cell may spend a few milliseconds of CPU on getting ready for
  // larger scripts. At most once, and only before run().
  virtual void warm() {}
  // Whom to tell what comes out of the run, before run(): never from inside a call to this object, and not
  // after `done`. Without this nobody is told.
  virtual void listen(Listener) {}  // NOLINT(performance-unnecessary-value-param): overriders keep it
  // The listener had enough for a while, and has room again.
  virtual void resume() {}
  // Sends the script in. `done` comes once; after end() it still comes, with what was captured. `job`
  // lives until `done` has come or this object is destroyed; after destruction `done` must not come.
  virtual void run(const Job& job, std::function<void(Report)> done) = 0;
  // Ends a run before its time (deadline, client gone). Called once at most, and only while it runs.
  virtual void end() = 0;
  // Called once, before run(). `lost` comes when an idle cell dies by itself; the engine then drops it
  // from its stock. Once run() has been called the report tells, and `lost` does no harm.
  virtual void on_lost(std::function<void()> lost) = 0;
};

// What a cell that is ready is ready for.
enum class Priming : std::uint8_t {
  kFull,  // pages that every script needs are there already: a job that comes later starts at once
  kNone,  // a job is waiting for it, and would only wait longer
};

class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  using Made = std::function<void(base::Result<std::unique_ptr<Cell>>)>;

  // Called once, before start(). `renewed` comes when cells of this pool that are asked for from then on are
  // made from something newer, and those there are had better be replaced at leisure.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): overriders keep it
  virtual void on_renewed(std::function<void(std::size_t pool)>) {}
  // Called once, before all other calls but that: where callbacks are to be posted.
  virtual void start(boost::asio::io_context& context) = 0;
  // Makes one cell of this pool that is sealed and ready. Several may be asked for at once. `made` must come,
  // with an error at worst, or the place is never given to another cell; after stop() it need not.
  virtual void make_cell(std::size_t pool, Priming priming, Made made) = 0;
  // Ends every cell and releases what the backend holds; blocks until that is done. Cells may still be
  // destroyed afterwards. Handlers left in the context are not run any more and must not own a cell.
  virtual void stop() = 0;
};

}  // namespace cellblock::engine
