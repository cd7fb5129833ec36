#include "runner/cell_process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <new>
#include <sstream>
#include <string>

#include "base/stopwatch.hpp"
#include "protocol/frame.hpp"
#include "protocol/ready_frame.hpp"
#include "protocol/run_frame.hpp"
#include "runner/cell_files.hpp"
#include "runner/display_outlet.hpp"
#include "sandbox/cell_setup.hpp"

namespace cellblock::runner {
namespace {

constexpr int kExitBroken = 70;
// Above RLIMIT_NOFILE: a script that closes "every descriptor" up to its limit does not cut its own answer
// off.
constexpr int kFirstPrivateFd = 1000;
// A run frame holds a script, arguments and input, all bounded by the server's limit for a request body.
constexpr std::size_t kRunFrameLimit = std::size_t{1} << 30U;

// Moves a descriptor out of the way of the numbers that scripts use.
base::Fd moved_up(base::Fd fd) {
  return base::Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstPrivateFd));
}

// Leaves 0 to 2 and the cell's own descriptors, in any order; everything else belongs to the zygote.
bool close_the_rest(std::vector<unsigned> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned from = 3;
  for (const unsigned fd : kept) {
    if (fd > from && ::syscall(SYS_close_range, from, fd - 1, 0) != 0) return false;
    from = fd + 1;
  }
  return ::syscall(SYS_close_range, from, ~0U, 0) == 0;
}

// Fresh ones: flags of an open file (O_NONBLOCK, O_APPEND, its owner) are shared by all who inherited it,
// so one cell could change them for every later one. Also takes the service's log away.
bool renew_standard_descriptors() {
  const base::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  return null.valid() && ::dup2(null.get(), 0) == 0 && ::dup2(null.get(), 1) == 1 &&
         ::dup2(null.get(), 2) == 2;
}

// In one call as long as it fits: a header that comes alone wakes the server for nothing.
bool send(int channel, protocol::FrameKind kind, std::string_view payload) {
  const std::string header = protocol::frame_header(kind, payload.size());
  // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast): the kernel only reads, but has one type for both ways
  const std::array<iovec, 2> parts = {{{const_cast<char*>(header.data()), header.size()},
                                       {const_cast<char*>(payload.data()), payload.size()}}};
  // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
  ssize_t count = -1;
  do {
    count = ::writev(channel, parts.data(), static_cast<int>(parts.size()));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return false;
  const auto sent = static_cast<std::size_t>(count);
  if (sent < header.size()) {
    return base::write_all(channel, std::string_view(header).substr(sent)).has_value() &&
           base::write_all(channel, payload).has_value();
  }
  return base::write_all(channel, payload.substr(sent - header.size())).has_value();
}

[[noreturn]] void fail(int channel, sandbox::StepFailure failure) {
  std::string payload;
  protocol::append_u64(payload, static_cast<std::uint64_t>(failure.step));
  protocol::append_u64(payload, static_cast<std::uint64_t>(failure.code));
  send(channel, protocol::FrameKind::kFailed, payload);
  ::_exit(kExitBroken);
}

template <typename Warm>
std::optional<protocol::RunRequest> receive_run(int channel, Warm warm) {
  protocol::FrameReader reader(kRunFrameLimit);
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): zeroing it costs pages
  for (;;) {
    const ssize_t count = ::read(channel, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    // End of file: the server has no use for this cell any more.
    if (count <= 0) return std::nullopt;
    reader.feed({buffer.data(), static_cast<std::size_t>(count)});
    auto frame = reader.next();
    if (frame && *frame && (*frame)->kind == protocol::FrameKind::kWarm) {
      warm();
      frame = reader.next();
    }
    if (!frame || (*frame && (*frame)->kind != protocol::FrameKind::kRun)) return std::nullopt;
    if (*frame) return protocol::decode_run((*frame)->payload);
  }
}

// An unnamed file where a script's files are. Not every file system of a host knows such files.
base::Fd unnamed_file(const std::string& directory) {
  base::Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.valid()) return file;
  const std::string name = directory + "/.stdin";
  file = base::Fd(::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (file.valid() && ::unlink(name.c_str()) != 0) return {};
  return file;
}

// Standard input is a file, so that it can be read, seeked and inherited.
bool place_stdin(const std::string& text, const std::string& directory) {
  if (text.empty()) return true;
  const base::Fd file = unnamed_file(directory);
  return file.valid() && base::write_all(file.get(), text) && ::lseek(file.get(), 0, SEEK_SET) == 0 &&
         ::dup2(file.get(), 0) == 0;
}

// Where the files that a request brings are put, and those of the answer are looked for.
std::string home_of_files(const sandbox::JailSpec& spec, std::uint32_t slot) {
  return spec.walls.namespaces ? sandbox::directory_for_files(spec) : sandbox::slot_directory(spec, slot);
}

base::Fd open_folder(const std::string& path) {
  return base::Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// The claim when the files of the request can't be placed; nothing of the script has run then.
std::optional<protocol::OutcomeClaim> fail_to_place(const std::string& encoded,
                                                    const std::string& directory) {
  auto files = protocol::decode_files(encoded);
  const base::Fd home = open_folder(directory);
  if (!files || !home.valid())
    return protocol::OutcomeClaim{protocol::OutcomeKind::kUnplacedFiles, {}, "No files", {}};
  if (const auto placed = place_files(home.get(), *files); !placed) {
    return protocol::OutcomeClaim{protocol::OutcomeKind::kUnplacedFiles, {}, placed.error().message(), {}};
  }
  return std::nullopt;
}

// What is in output/, if it can be told with the memory that is left; false when the server is gone.
bool send_output_files(int channel, const std::string& directory, std::uint64_t bytes) {
  const base::Fd home = open_folder(directory);
  if (!home.valid()) return true;
  std::string payload;
  try {
    payload = protocol::encode_files(collect_files(home.get(), bytes));
  } catch (const std::bad_alloc&) {
    payload = protocol::encode_files({{{}, {}, protocol::CellFile::State::kTooLarge}});
  }
  return payload.empty() || send(channel, protocol::FrameKind::kFiles, payload);
}

// Limits that the request lowered. Lowering always works, so a failure is a broken cell.
bool lower_limits(const protocol::RunRequest& request, const sandbox::JailSpec& spec,
                  std::uint64_t data_bytes_before) {
  // In a user namespace the cell's first process counts as well, which is none of the script's.
  const std::uint64_t processes = request.processes + (spec.walls.namespaces ? 1 : 0);
  sandbox::CellRlimits limits{request.cpu_seconds, request.file_bytes, request.open_files, processes};
  if (data_bytes_before != sandbox::kUnlimited) limits.data_bytes = data_bytes_before + request.memory_bytes;
  return sandbox::set_rlimits(limits).has_value();
}

// What RLIMIT_DATA counts of this process, which is a copy of the zygote yet.
std::uint64_t data_bytes() {
  const auto text = base::read_file(AT_FDCWD, "/proc/self/statm");
  std::istringstream fields(text ? *text : "");
  std::uint64_t pages = 0;
  // size, resident, shared, text, lib, data
  for (int field = 0; field < 6; ++field) fields >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void run_cell(Interpreter& interpreter, CellDescriptors descriptors, const sandbox::CellFilter& filter,
              const sandbox::JailSpec& spec) {
  base::Stopwatch steps;
  const base::Fd channel = moved_up(std::move(descriptors.channel));
  base::Fd out = moved_up(std::move(descriptors.out));
  base::Fd err = moved_up(std::move(descriptors.err));
  base::Fd first_process;
  sandbox::SealInput seal;
  std::vector<unsigned> kept;
  for (const base::Fd* fd : std::initializer_list<const base::Fd*>{&channel, &out, &err}) {
    if (!fd->valid()) fail(channel.get(), {sandbox::Step::kDescriptors, EMFILE});
    kept.push_back(static_cast<unsigned>(fd->get()));
  }
  if (descriptors.first_process.valid()) {
    first_process = moved_up(std::move(descriptors.first_process));
    if (!first_process.valid()) fail(channel.get(), {sandbox::Step::kDescriptors, EMFILE});
    kept.push_back(static_cast<unsigned>(first_process.get()));
  }
  base::Fd supervisor;
  if (filter.listening != sandbox::Listening::kNone) {
    supervisor = moved_up(std::move(descriptors.supervisor));
    if (!supervisor.valid()) fail(channel.get(), {sandbox::Step::kListener, EBADF});
    kept.push_back(static_cast<unsigned>(supervisor.get()));
  }
  for (const base::Fd& fd : descriptors.cgroup_procs) {
    seal.cgroup_procs.push_back(fd.get());
    kept.push_back(static_cast<unsigned>(fd.get()));
  }
  if (!close_the_rest(kept) || !renew_standard_descriptors())
    fail(channel.get(), {sandbox::Step::kDescriptors, errno});
  seal.spec = &spec;
  seal.slot = descriptors.slot;
  seal.first_process = first_process.get();
  seal.supervisor = supervisor.get();
  seal.filter = &filter;
  // Bounds for the time before the request's own limits are known; those can only be lower.
  seal.rlimits = {~0ULL >> 2U, ~0ULL >> 2U, kFirstPrivateFd, ~0ULL >> 2U, sandbox::kUnlimited};
  const std::uint64_t data_before = spec.walls.cgroups ? sandbox::kUnlimited : data_bytes();
  auto sealed = descriptors.seal(seal);
  if (!sealed) fail(channel.get(), sealed.error());
  const std::uint64_t seal_us = steps.lap_us();
  // Once more: the device was the zygote's until here, and locks on it would reach out of the cell.
  if (!renew_standard_descriptors()) fail(channel.get(), {sandbox::Step::kDescriptors, errno});
  descriptors.cgroup_procs.clear();
  first_process.reset();
  supervisor.reset();
  if (!spec.walls.namespaces && !interpreter.use_directory(sandbox::slot_directory(spec, descriptors.slot))) {
    fail(channel.get(), {sandbox::Step::kPrime, 0});
  }
  if (!interpreter.after_fork() ||
      (descriptors.primed && !interpreter.prime(Interpreter::Priming::kAlways))) {
    fail(channel.get(), {sandbox::Step::kPrime, 0});
  }
  if (!send(channel.get(), protocol::FrameKind::kReady, protocol::encode_ready({seal_us, steps.lap_us()}))) {
    ::_exit(kExitBroken);
  }
  const auto request = receive_run(channel.get(), [&] { interpreter.prime(Interpreter::Priming::kIdle); });
  if (!request) ::_exit(0);
  // Only now the script's own output, so that nothing of the priming is in it.
  if (::dup2(out.get(), 1) != 1 || ::dup2(err.get(), 2) != 2) ::_exit(kExitBroken);
  out.reset();
  err.reset();
  // Input and files first: they may be larger than those that the script may write.
  const std::string directory = home_of_files(spec, descriptors.slot);
  const auto unplaced = fail_to_place(request->files, directory);
  if (!place_stdin(request->stdin_text, directory) || !lower_limits(*request, spec, data_before))
    ::_exit(kExitBroken);
  DisplayOutlet outlet(request->display, [&channel](std::string_view payload) {
    return send(channel.get(), protocol::FrameKind::kDisplay, payload);
  });
  const protocol::OutcomeClaim claim =
      unplaced ? *unplaced
               : interpreter.execute(*request, [&outlet](std::vector<protocol::DisplayPart> parts) {
                   return outlet.show(std::move(parts));
                 });
  if (!send_output_files(channel.get(), directory, request->files_bytes)) ::_exit(kExitBroken);
  if (!send(channel.get(), protocol::FrameKind::kOutcome, protocol::encode_outcome(claim)))
    ::_exit(kExitBroken);
  // Taking down the process costs as much as a short script: wait for the server to have the answer on its
  // way, and to end the cell, instead of competing with it for the CPU.
  char byte = 0;
  while (::read(channel.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  // Without destructors, atexit handlers or waiting for threads: the script is over.
  ::_exit(0);
}

}  // namespace cellblock::runner
