// Which pool of cells a script is best run in: the one with the fewest modules that has those it names.
//
// A wrong choice costs time and nothing else: every cell can import everything. So the text is looked at, not
// parsed: words in comments and strings count as well, names that are put together at run time do not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::service {

// The modules that the cells of each pool have imported, the pool with the fewest first.
using PoolModules = std::vector<std::vector<std::string>>;

// A script that imports something which is neither Python's own nor in any list goes to the second pool:
// what other libraries are built on is there.
[[nodiscard]] std::size_t choose_pool(std::string_view script, const PoolModules& pools);

}  // namespace cellblock::service
