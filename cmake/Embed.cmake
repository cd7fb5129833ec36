# Turns INPUT into a C++ source that defines `cellblock::embedded::SYMBOL`.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace cellblock::embedded {
namespace {
constexpr char kBytes[] = {${bytes}'\\0'};
}  // namespace
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL}(kBytes, sizeof(kBytes) - 1);
}  // namespace cellblock::embedded
")
