# Every compile and link setting of the tree lives on this one interface target.
add_library(cellblock_settings INTERFACE)
target_include_directories(cellblock_settings INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC is the compiler of the project, and its warnings are the ones that count.
  target_compile_options(cellblock_settings INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
    -Wconversion -Wsign-conversion -Wformat=2 -Wimplicit-fallthrough
    -fstack-protector-strong -fno-omit-frame-pointer
    # GCC 12 sees overlapping copies in its own std::string (GCC bug 105651).
    -Wno-restrict)
else()
  target_compile_options(cellblock_settings INTERFACE -fstack-protector-strong -fno-omit-frame-pointer)
  # Clang has coroutines under the standard's name before Boost 1.74 expects that.
  target_compile_definitions(cellblock_settings INTERFACE BOOST_ASIO_HAS_CO_AWAIT BOOST_ASIO_HAS_STD_COROUTINE)
endif()
if(CELLBLOCK_SANITIZE)
  target_compile_options(cellblock_settings INTERFACE -fsanitize=${CELLBLOCK_SANITIZE} -fno-sanitize-recover=all
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    # A coroutine's frame comes from Asio's own operators; with the sanitizers' inlining GCC takes them for a mismatch.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
    # Boost has fences that the thread sanitizer can't follow; GCC warns of each.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(cellblock_settings INTERFACE -fsanitize=${CELLBLOCK_SANITIZE})
  if(CELLBLOCK_FUZZ)
    # Clang 14 can't give a coroutine the prologue that this check looks at.
    target_compile_options(cellblock_settings INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize=function)
    target_compile_definitions(cellblock_settings INTERFACE _GLIBCXX_ASSERTIONS)
  endif()
else()
  target_compile_options(cellblock_settings INTERFACE $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
  target_link_options(cellblock_settings INTERFACE -Wl,-z,relro,-z,now)
endif()

# cellblock_part(NAME SOURCES a.cpp… LINKS other_part…)
# One static library per folder. It sees only the parts that it names: an arrow that points the wrong
# way has no header path problem but fails to link, and the list here is where a reviewer sees it.
function(cellblock_part name)
  cmake_parse_arguments(PART "" "" "SOURCES;LINKS" ${ARGN})
  add_library(cellblock_${name} STATIC ${PART_SOURCES})
  target_link_libraries(cellblock_${name} PUBLIC cellblock_settings)
  foreach(link IN LISTS PART_LINKS)
    target_link_libraries(cellblock_${name} PUBLIC ${link})
  endforeach()
  if(CELLBLOCK_SANITIZE AND NOT CELLBLOCK_FUZZ)
    # Several files as one, as for tests below; scripts/tidy reads them so, too. GCC takes a nameless namespace for one of
    # many files where it is not in the file that is named to it.
    set_target_properties(cellblock_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    target_compile_options(cellblock_${name} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# cellblock_test(NAME SOURCES x_test.cpp… LINKS …)
# The tests that sit beside the sources of one folder, as one executable with one ctest entry per case. Several files
# are compiled as one, since what they include takes longer than they do: their helpers need names of their own.
function(cellblock_test name)
  if(NOT CELLBLOCK_TESTS)
    return()
  endif()
  cmake_parse_arguments(TEST "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
  target_link_libraries(${name}_test PRIVATE ${TEST_LINKS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test TEST_PREFIX "unit.${name}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 60 LABELS unit)
endfunction()

# cellblock_fuzz(NAME LINKS …)
# The fuzz target NAME_fuzz.cpp that sits beside its source. With CELLBLOCK_FUZZ it is a libFuzzer program for
# scripts/fuzz; otherwise a test that replays what is kept in fuzz/corpus/NAME.
function(cellblock_fuzz name)
  cmake_parse_arguments(FUZZ "" "" "LINKS" ${ARGN})
  if(CELLBLOCK_FUZZ)
    add_executable(${name}_fuzz ${name}_fuzz.cpp)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzz ${name}_fuzz)
  elseif(CELLBLOCK_TESTS)
    add_executable(${name}_fuzz ${name}_fuzz.cpp ${CMAKE_SOURCE_DIR}/fuzz/replay.cpp)
    add_test(NAME unit.fuzz.${name} COMMAND ${name}_fuzz 300 ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(unit.fuzz.${name} PROPERTIES TIMEOUT 120 LABELS unit)
  else()
    return()
  endif()
  target_link_libraries(${name}_fuzz PRIVATE ${FUZZ_LINKS})
endfunction()

# cellblock_embed(TARGET FILE SYMBOL)
# Compiles a text file into the program as a string_view `cellblock::embedded::SYMBOL`, so that the
# program needs no data files beside it and a policy cannot be changed under a running service.
function(cellblock_embed target file symbol)
  set(source ${CMAKE_BINARY_DIR}/generated/embedded/${symbol}.cpp)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${source} -DSYMBOL=${symbol}
            -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${file} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
  set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
