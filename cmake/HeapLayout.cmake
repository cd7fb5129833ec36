# cellblock_heap_layout(TARGET OPTION SYMBOL SCRIPTS…): has the tracer make the layout for the zygote with the modules of
# OPTION, and embeds it. Empty under the sanitizers, whose allocators are others, and when the program that traces is for
# another kind of processor.
function(cellblock_heap_layout target option symbol)
  set(layout ${CMAKE_BINARY_DIR}/generated/heap/${option})
  if(CELLBLOCK_SANITIZE OR CMAKE_CROSSCOMPILING OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
    file(WRITE ${layout} "")
  else()
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated/heap)
    # With the environment of a zygote, of which the one thread matters.
    add_custom_command(
      OUTPUT ${layout}
      COMMAND env -i PATH=/usr/bin:/bin LANG=C.UTF-8 TZ=UTC OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
              $<TARGET_FILE:cellblock-heap-tracer> ${option} ${layout} ${ARGN}
      DEPENDS cellblock-heap-tracer ${ARGN}
      COMMENT "Tracing what scripts write to: ${option}"
      VERBATIM)
  endif()
  cellblock_embed(${target} ${layout} ${symbol})
endfunction()
