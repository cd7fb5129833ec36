# Programs that are forked for each execution are linked statically, but for libc: each mapping of the parent is
# copied by a fork and taken down by an exit, and each page that a relocation wrote to as well (docs/adr/0020).
find_library(CELLBLOCK_SECCOMP_ARCHIVE libseccomp.a REQUIRED)
add_library(cellblock_libseccomp INTERFACE)
target_include_directories(cellblock_libseccomp INTERFACE ${SECCOMP_INCLUDE_DIRS})
target_link_libraries(cellblock_libseccomp INTERFACE ${CELLBLOCK_SECCOMP_ARCHIVE})

# The sanitizers bring shared libraries of their own.
function(cellblock_few_mappings program)
  if(NOT CELLBLOCK_SANITIZE)
    # As Debian's own interpreter is: at a fixed address nothing is relocated. No wall rests on addresses that a
    # script can't know, since it can read its own memory.
    target_link_options(${program} PRIVATE -no-pie -static-libstdc++ -static-libgcc -Wl,--as-needed)
  endif()
endfunction()

# The interpreter within the program, all of it, as in /usr/bin/python3: extension modules look for its functions there.
# To be called before the program is linked with anything that wants the shared one.
function(cellblock_own_python program)
  if(CELLBLOCK_SANITIZE)
    return()
  endif()
  
  find_library(CELLBLOCK_PYTHON_ARCHIVE libpython3.11.a REQUIRED
    PATHS /usr/lib/python3.11/config-3.11-${CMAKE_LIBRARY_ARCHITECTURE} NO_DEFAULT_PATH)
  find_library(CELLBLOCK_EXPAT_ARCHIVE libexpat.a REQUIRED)
  find_library(CELLBLOCK_ZLIB_ARCHIVE libz.a REQUIRED)
  target_link_libraries(${program} PRIVATE
    "$<LINK_LIBRARY:WHOLE_ARCHIVE,${CELLBLOCK_PYTHON_ARCHIVE}>" ${CELLBLOCK_EXPAT_ARCHIVE} ${CELLBLOCK_ZLIB_ARCHIVE} m dl)
  # Nothing else: what else is in the program, such as the C++ library, must not stand in for that of a module.
  # Segments at borders of huge pages: src/zygote/huge_code.cpp.
  target_link_options(${program} PRIVATE -Wl,-z,max-page-size=2097152)
  target_link_options(${program} PRIVATE "-Wl,--export-dynamic-symbol=Py*" "-Wl,--export-dynamic-symbol=_Py*")
endfunction()
