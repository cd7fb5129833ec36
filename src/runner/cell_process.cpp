#include "runner/cell_process.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>
#include <sstream>
#include <string>

#include "base/stopwatch.hpp"
#include "protocol/frame.hpp"
#include "protocol/ready_frame.hpp"
#include "protocol/run_frame.hpp"
#include "runner/cell_descriptors.hpp"
#include "runner/cell_files.hpp"
#include "runner/cell_line.hpp"
#include "runner/display_outlet.hpp"
#include "sandbox/cell_setup.hpp"

namespace cellblock::runner {
namespace {

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
  if (encoded.empty()) return std::nullopt;
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
  struct stat about {};
  // Most scripts leave none, and this is quicker than a look from the opened folder.
  if (::lstat((directory + "/" + kOutputFolder).c_str(), &about) != 0 && errno == ENOENT) return true;
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

// A thread's stack counts for RLIMIT_DATA with its whole size, which would be that of the main thread's
// limit, 8 MB: too much for the number of threads that a script may have. Python's own calls need none of it.
bool keep_thread_stacks_small() {
  constexpr std::size_t kThreadStack = std::size_t{2} << 20U;
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  const bool done = ::pthread_attr_setstacksize(&attributes, kThreadStack) == 0 &&
                    ::pthread_setattr_default_np(&attributes) == 0;
  ::pthread_attr_destroy(&attributes);
  return done;
}

// Limits that the request lowered. Lowering always works, so a failure is a broken cell.
bool lower_limits(const protocol::RunRequest& request, const sandbox::JailSpec& spec,
                  std::uint64_t data_bytes_before) {
  // In a user namespace the cell's first process counts as well, which is none of the script's.
  const std::uint64_t processes = request.processes + (spec.walls.namespaces ? 1 : 0);
  sandbox::CellRlimits limits{request.cpu_seconds, request.file_bytes, request.open_files, processes};
  if (data_bytes_before != sandbox::kUnlimited) {
    limits.data_bytes = data_bytes_before + request.memory_bytes;
    if (!keep_thread_stacks_small()) return false;
  }
  return sandbox::lower_rlimits(limits).has_value();
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
