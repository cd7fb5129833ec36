#include <algorithm>
#include <cctype>

#include "config/option_rows.hpp"

namespace cellblock::config {
namespace {

// Of Python's standard library what short scripts like to import; the rest costs a few milliseconds when it
// is asked for. Not shutil, tempfile and uuid: they load libraries in 30 mappings, which every fork copies.
constexpr std::string_view kLightModules =
    "abc,array,base64,bisect,calendar,collections.abc,contextlib,copy,csv,dataclasses,datetime,decimal,enum,"
    "fractions,functools,hashlib,heapq,io,itertools,json,math,operator,os,pathlib,pickle,random,re,secrets,"
    "statistics,string,struct,sys,textwrap,threading,time,traceback,types,typing,urllib.parse";

constexpr std::string_view kCapacity = "Capacity";

bool module_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '_' || letter == '.';
         });
}

}  // namespace

std::vector<OptionSpec> capacity_rows() {
  return {
      {.name = "max-executions",
       .target = &Options::max_executions,
       .standard = "0",
       .lowest = 0,
       .highest = 16'384,
       .group = kCapacity,
       .help = "Executions at once; 0: 32 for each CPU, at least 64"},
      {.name = "max-queued",
       .target = &Options::max_queued,
       .standard = "1000",
       .lowest = 0,
       .highest = 1'000'000,
       .restart = false,
       .group = kCapacity,
       .help = "Executions that may wait; more are refused with 503"},
      {.name = "pool-size",
       .target = &Options::pool_size,
       .standard = "0",
       .lowest = 0,
       .highest = 4096,
       .group = kCapacity,
       .help =
           "Ready cells kept in stock, light ones and as many with the modules of 'preload'; 0: 64 for each "
           "CPU, less where memory is short or one user may not have so many"},
      {.name = "zygote-lifetime",
       .target = &Options::zygote_lifetime,
       .standard = "86400",
       .lowest = 0,
       .highest = 31'536'000,
       .unit = Unit::kSeconds,
       .group = kCapacity,
       .help =
           "How long cells are made from the same process before another takes its place, which no request "
           "notices; 0: for ever"},
      {.name = "preload-light",
       .target = &Options::preload_light,
       .standard = kLightModules,
       .accepts = module_name,
       .expected = "a comma-separated list of module names",
       .group = kCapacity,
       .help = "Modules that are imported before a script arrives which names none of 'preload'; empty: "
               "no light cells"},
      {.name = "preload",
       .target = &Options::preload,
       .standard = "numpy,pandas",
       .accepts = module_name,
       .expected = "a comma-separated list of module names",
       .group = kCapacity,
       .help =
           "Modules that are imported before a script arrives which names one of them, or one that is not "
           "of Python's standard library"},
      {.name = "preload-extended",
       .target = &Options::preload_extended,
       .standard = "",
       .accepts = module_name,
       .expected = "a comma-separated list of module names",
       .group = kCapacity,
       .help = "Further modules, such as scipy,sklearn,matplotlib.pyplot, that are imported before a script "
               "arrives which names one of them"},
  };
}

}  // namespace cellblock::config
