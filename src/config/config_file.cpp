#include "config/config_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <set>
#include <sstream>

#include <CLI/CLI.hpp>

#include "base/fd.hpp"
#include "config/nearest.hpp"
#include "config/option_table.hpp"
#include "config/text.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

const OptionSpec* find_row(std::string_view name) {
  const auto rows = option_table();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [name](const OptionSpec& spec) { return spec.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

// The reader marks where sections begin and end with items of these names.
bool is_section_mark(const CLI::ConfigItem& item) {
  return item.name == "++" || item.name == "--";
}

class Collector {
 public:
  explicit Collector(const std::string& shown_as) : prefix_("file " + shown_as + ": ") {}

  void add(const CLI::ConfigItem& item) {
    if (!item.parents.empty()) return add_in_section(item);
    const OptionSpec* spec = find_row(item.name);
    // The reader splits unquoted values at spaces: "512 MB" has to be put together again.
    if (spec == nullptr) {
      problem("unknown option '" + item.name + "', did you mean '" + std::string(nearest_name(item.name)) +
              "'?");
    } else if (!spec->in_file) {
      problem("option '" + item.name + "' cannot be set in a file");
    } else if (!contents_.values.emplace(item.name, joined(item.inputs, is_list(*spec) ? "," : " ")).second) {
      problem("option '" + item.name + "' is given twice");
    }
  }

  void problem(const std::string& text) { contents_.problems.push_back(prefix_ + text); }

  [[nodiscard]] FileContents take() { return std::move(contents_); }

 private:
  void add_in_section(const CLI::ConfigItem& item) {
    if (is_section_mark(item)) {
      if (sections_.insert(item.parents.front()).second) {
        problem("section [" + item.parents.front() + "] is not known: options stand outside of sections");
      }
    } else if (!sections_.contains(item.parents.front())) {
      problem("unknown option '" + item.fullname() + "'");
    }
  }

  std::string prefix_;
  FileContents contents_;
  std::set<std::string> sections_;  // reported already
};

}  // namespace

FileContents parse_config(const std::string& text, const std::string& shown_as) {
  Collector collector(shown_as);
  std::istringstream input(text);
  // CLI11 reports by exception; none leaves this folder.
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(input)) collector.add(item);
  } catch (const std::exception& error) {
    collector.problem(error.what());
  }
  return collector.take();
}

tl::expected<FileContents, std::string> read_config(const std::string& path) {
  const auto text = base::read_file(AT_FDCWD, path);
  if (!text) return tl::make_unexpected("file " + path + ": " + text.error().message());
  return parse_config(*text, path);
}

}  // namespace cellblock::config
