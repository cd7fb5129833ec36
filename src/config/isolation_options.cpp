#include <algorithm>
#include <cctype>

#include "config/cell_variables.hpp"
#include "config/cell_view.hpp"
#include "config/option_rows.hpp"

namespace cellblock::config {
namespace {

constexpr std::string_view kIsolation = "Isolation";

bool is_bind(std::string_view text) {
  return read_bind(text).has_value();
}

bool is_scratch(std::string_view text) {
  return read_scratch(text).has_value();
}

bool is_cell_file(std::string_view text) {
  return read_cell_file(text).has_value();
}

bool is_cell_link(std::string_view text) {
  return read_cell_link(text).has_value();
}

bool is_system_call_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
    return std::islower(letter) != 0 || std::isdigit(letter) != 0 || letter == '_';
  });
}

}  // namespace

std::vector<OptionSpec> isolation_rows() {
  return {
      {.name = "policy",
       .target = &Options::policy,
       .standard = "sandbox",
       .choices = {"sandbox", "strict"},
       .restart = false,
       .group = kIsolation,
       .help = "What is refused before a script runs: nothing beyond the contract, or the deny-lists too"},
      {.name = "isolation",
       .target = &Options::isolation,
       .standard = "full",
       .choices = {"full", "restricted"},
       .group = kIsolation,
       .help =
           "Lowest isolation level to accept; below it the service does not start. restricted is for hosts "
           "that forbid namespaces"},
      {.name = "dangerously-run-without-isolation",
       .target = &Options::without_isolation,
       .standard = "false",
       .group = kIsolation,
       .help = "Start where not even level restricted can be had: scripts run as ordinary processes of the "
               "service's user"},
      {.name = "backend",
       .target = &Options::backend,
       .standard = "native",
       .choices = {"native", "nsjail"},
       .group = kIsolation,
       .help = "What makes the cells: the service itself, or one nsjail for each, found on PATH. nsjail is "
               "slower, needs root, and is for comparisons, audits and hosts that demand it"},
      {.name = "library-path",
       .target = &Options::library_path,
       .accepts = absolute_path,
       .expected = "a comma-separated list of absolute paths",
       .group = kIsolation,
       .help = "More directories that cells can read, and import from"},
      {.name = "uid-base",
       .target = &Options::uid_base,
       .standard = "1900000000",
       .lowest = 65'536,
       .highest = 4'294'000'000,
       .group = kIsolation,
       .help = "First of the user ids that cells get, one each"},
      {.name = "cgroup-root",
       .target = &Options::cgroup_root,
       .accepts = empty_or_absolute_path,
       .expected = "an absolute path, or nothing",
       .group = kIsolation,
       .help = "Control group under which cells get theirs; empty: found automatically"},
      {.name = "hostname",
       .target = &Options::hostname,
       .standard = "cell",
       .accepts = is_host_name,
       .expected = "up to 63 letters, digits, dots, hyphens and underscores",
       .group = kIsolation,
       .help = "Host name that scripts see; needs level full"},
      {.name = "cell-uid",
       .target = &Options::cell_uid,
       .standard = "1000",
       .lowest = 1,
       .highest = 4'294'967'294,
       .group = kIsolation,
       .help = "User id that scripts see themselves as; outside they have one of their own from uid-base on. "
               "Needs "
               "level full, like cell-gid"},
      {.name = "cell-gid",
       .target = &Options::cell_gid,
       .standard = "1000",
       .lowest = 1,
       .highest = 4'294'967'294,
       .group = kIsolation,
       .help = "Group id that scripts see themselves in"},
      {.name = "working-directory",
       .target = &Options::working_directory,
       .standard = "/tmp",
       .accepts = is_directory_of_cells,
       .expected = "an absolute path without dots",
       .group = kIsolation,
       .help =
           "Where scripts start: /tmp, or a place that cells have by 'tmpfs', 'bind' or 'library-path'. In a "
           "place of "
           "'tmpfs' the files of request and answer are there too, else they stay in /tmp. Needs level full"},
      {.name = "cell-environment",
       .target = &Options::cell_environment,
       .accepts = is_cell_variable,
       .expected = "a comma-separated list of NAME=VALUE, without what decides which code runs",
       .group = kIsolation,
       .help = "More variables in the environment of scripts, for all to read; some that cells have can get "
               "another value"},
      {.name = "bind",
       .target = &Options::binds,
       .accepts = is_bind,
       .expected = "a comma-separated list of PATH or PATH:PLACE, either with :rw or not, absolute and "
                   "outside of cells' own places",
       .group = kIsolation,
       .help =
           "Directories and files of the host that cells can read, at the same path or at PLACE; files are "
           "copied at the start and are 1 MB at most; needs level full. A directory with :rw they can write "
           "to too, "
           "which needs dangerously-bind-writable"},
      {.name = "tmpfs",
       .target = &Options::scratch,
       .accepts = is_scratch,
       .expected = "a comma-separated list of PLACE:MB, absolute and outside of cells' own places",
       .group = kIsolation,
       .help = "More directories that scripts can write to, empty at first and with as many inodes as the "
               "working directory; needs level full"},
      {.name = "shm-mb",
       .target = &Options::shm_bytes,
       .standard = "0",
       .lowest = 0,
       .highest = 65'536,
       .unit = Unit::kMegabytes,
       .group = kIsolation,
       .help = "Size of /dev/shm; 0: that of the working directory. Needs level full"},
      {.name = "no-exec",
       .target = &Options::no_exec,
       .accepts = absolute_path,
       .expected = "a comma-separated list of absolute paths",
       .group = kIsolation,
       .help = "Places of 'bind' and 'tmpfs', or /tmp, from which no program and no library can be started; "
               "needs level "
               "full"},
      {.name = "cell-files",
       .target = &Options::cell_files,
       .accepts = is_cell_file,
       .expected = "a comma-separated list of PLACE=TEXT, with up to 64 KB of UTF-8, absolute and outside of "
                   "cells' own "
                   "places",
       .group = kIsolation,
       .help = "Files that cells can read, with their text; needs level full"},
      {.name = "cell-links",
       .target = &Options::cell_links,
       .accepts = is_cell_link,
       .expected = "a comma-separated list of PLACE=TARGET, absolute and outside of cells' own places",
       .group = kIsolation,
       .help = "Symbolic links that cells have; needs level full"},
      {.name = "refuse-calls",
       .target = &Options::refused_calls,
       .accepts = is_system_call_name,
       .expected = "a comma-separated list of names of system calls",
       .group = kIsolation,
       .help = "System calls that scripts may not make though the seccomp policy has them"},
      {.name = "dangerously-show-private-files",
       .target = &Options::show_private_files,
       .standard = "false",
       .group = kIsolation,
       .help = "Let 'bind' name places where hosts keep secrets, such as /etc, /home and /var"},
      {.name = "dangerously-bind-writable",
       .target = &Options::bind_writable,
       .standard = "false",
       .group = kIsolation,
       .help = "Let 'bind' have directories with :rw. What a script leaves there is on the host's disk "
               "without a bound, and "
               "every other script reads and changes it"},
  };
}

}  // namespace cellblock::config
