#include "config/cell_variables.hpp"

#include <gmock/gmock.h>

namespace cellblock::config {
namespace {

using ::testing::HasSubstr;

TEST(CellVariables, AreNamesWithValues) {
  for (const char* text : {"GREETING=hello, world = x", "EMPTY=", "LC_ALL=C.UTF-8", "_x1=y"})
    EXPECT_TRUE(is_cell_variable(text)) << text;
  for (const char* text : {"", "=x", "NAME", "1A=x", "A B=x", "A=\xff"})
    EXPECT_FALSE(is_cell_variable(text)) << text;
  EXPECT_TRUE(is_cell_variable("A=" + std::string(4094, 'x')));
  EXPECT_FALSE(is_cell_variable("A=" + std::string(4095, 'x')));
}

TEST(CellVariables, TakeTheValuesThatCellsHave) {
  for (const char* name :
       {"PATH", "HOME", "TMPDIR", "USER", "LANG", "TZ", "OMP_NUM_THREADS", "MPLBACKEND", "MPLCONFIGDIR"}) {
    const auto value = own_value_of(name);
    ASSERT_TRUE(value) << name;
    EXPECT_TRUE(is_cell_variable(std::string(name) + "=" + std::string(*value))) << name;
  }
  EXPECT_FALSE(own_value_of("GREETING"));
}

TEST(CellVariables, TakeOtherValuesThatDoNoHarm) {
  for (const char* text :
       {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TZ=Europe/Berlin",
        "TZ=CET-1CEST,M3.5.0,M10.5.0/3", "LANG=en_US.UTF-8", "LANG=de_DE.utf8", "LANG=C", "USER=nobody",
        "TMPDIR=/tmp/mine", "MPLCONFIGDIR=/tmp/matplotlib", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1",
        "PYTHONHASHSEED=0", "PYTHONWARNINGS=ignore"}) {
    EXPECT_TRUE(is_cell_variable(text)) << text;
  }
}

TEST(CellVariables, NameTheValueThatCellsHaveWhereAnotherCantBe) {
  EXPECT_THAT(why_not_variable("HOME=/root")->reason, HasSubstr("cells have HOME=/tmp: "));
  EXPECT_THAT(why_not_variable("OMP_NUM_THREADS=4")->reason, HasSubstr("OMP_NUM_THREADS=1: "));
  EXPECT_FALSE(why_not_variable("OMP_NUM_THREADS=4")->opens_a_wall);
  for (const char* text : {"PATH=", "PATH=/app", "PATH=/usr/bin:", "PATH=:/bin", "PATH=/usr/bin:/tmp",
                           "PATH=.", "TZ=", "TZ=:/etc/shadow", "TZ=/etc/shadow", "TZ=../../etc/shadow",
                           "LANG=de_DE.ISO-8859-1", "USER=", "TMPDIR=/var/tmp", "TMPDIR=/tmp/../etc",
                           "MPLBACKEND=TkAgg", "MPLBACKEND=module://evil", "MPLCONFIGDIR=/data"}) {
    // An empty PATH is the working directory.
    EXPECT_TRUE(why_not_variable(text)) << text;
  }
}

TEST(CellVariables, NeverDecideWhichCodeRuns) {
  for (const char* text :
       {"LD_PRELOAD=/x", "LD_LIBRARY_PATH=/x", "GLIBC_TUNABLES=x", "MALLOC_ARENA_MAX=1", "GCONV_PATH=/x",
        "PYTHONPATH=/x", "PYTHONHOME=/x", "PYTHONSTARTUP=/x", "PYTHONINSPECT=1", "PYTHONBREAKPOINT=a.b"}) {
    const auto refusal = why_not_variable(text);
    ASSERT_TRUE(refusal) << text;
    EXPECT_TRUE(refusal->opens_a_wall) << text;
  }
}

}  // namespace
}  // namespace cellblock::config
