#include "service/pool_choice.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace cellblock::service {
namespace {

struct Script {
  const char* text;
  std::size_t pool;
};

std::ostream& operator<<(std::ostream& out, const Script& script) {
  return out << script.text;
}

class PoolChoice : public testing::TestWithParam<Script> {};

TEST_P(PoolChoice, IsTheFewestModulesThatServe) {
  const PoolModules pools = {{"json", "mypure"}, {"numpy", "pandas"}, {"scipy.linalg", "sklearn"}};
  EXPECT_EQ(choose_pool(GetParam().text, pools), GetParam().pool);
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, PoolChoice,
    testing::Values(
        Script{"", 0}, Script{"def main(): return 1", 0}, Script{"import json, math\nimport os.path", 0},
        Script{"import mypure", 0}, Script{"from collections import Counter, numbers_of_mine", 0},
        Script{"import numpy as np", 1}, Script{"import json, numpy", 1},
        Script{"import os; import pandas", 1}, Script{"from numpy.linalg import norm", 1},
        Script{"importlib.import_module('pandas')", 1}, Script{"# numpy would be too much", 1},
        Script{"numpyish = 1", 0}, Script{"x.numpy_()", 0}, Script{"import scipy", 2},
        Script{"import numpy, sklearn", 2}, Script{"import sklearn\nimport numpy", 2},
        // Not Python's own: a library may well be built on numpy.
        Script{"import seaborn", 1}, Script{"import os, seaborn", 1}, Script{"import os.seaborn", 0},
        Script{"  from seaborn import x", 1}, Script{"try:\n  import yaml\nexcept ImportError: pass", 1},
        Script{"from os import seaborn", 0}, Script{"from . import x", 0},
        Script{"from .sibling import x", 0}, Script{"raise X from error", 1}, Script{"import", 0},
        Script{"from", 0}, Script{"import \xc3\xa9t\xc3\xa9", 1}, Script{"import a as b, json", 1},
        Script{"\xef\xbb\xbfimport seaborn", 1}, Script{"import json as j, os as o", 0}));

TEST(PoolChoiceOfOne, IsThatOne) {
  EXPECT_EQ(choose_pool("import numpy", {{"json"}}), 0U);
  EXPECT_EQ(choose_pool("import numpy", {}), 0U);
}

}  // namespace
}  // namespace cellblock::service
