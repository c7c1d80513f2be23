# The hand-written kernels: one file for each instruction set, chosen when the program runs. Products and sums
# may become fused multiply-adds there; nothing of libtorch is included, so no inline function compiled for a
# processor that the user may not have can be linked into other code.
set(folders src/ranklens/nn/kernels src/ranklens/tn/linear/panels)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  foreach(folder IN LISTS folders)
    set_source_files_properties(${folder}/table.cpp PROPERTIES COMPILE_DEFINITIONS RANKLENS_VECTOR_KERNELS)
    foreach(set IN ITEMS avx512:x86-64-v4 avx2:x86-64-v3)
      string(REPLACE ":" ";" pair ${set})
      list(GET pair 0 name)
      list(GET pair 1 architecture)
      set_source_files_properties(${folder}/${name}.cpp PROPERTIES
        COMPILE_DEFINITIONS RANKLENS_VECTOR_KERNELS SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON
        COMPILE_OPTIONS "-O3;-march=${architecture};-mprefer-vector-width=512;-ffp-contract=fast;-fno-math-errno;-fno-trapping-math")
    endforeach()
  endforeach()
  # Searches for contraction orders count the bits of sets; every processor that libtorch runs on has an instruction for it.
  foreach(search IN ITEMS anneal reconfigure exact connected_search min_fill)
    set_source_files_properties(src/ranklens/tn/contraction/${search}.cpp PROPERTIES
      SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON COMPILE_OPTIONS -mpopcnt)
  endforeach()
endif()

# at::parallel_for runs on one thread where its caller was compiled without OpenMP: only base::parallel_over calls it.
# The runtime is linked with libtorch.
find_package(OpenMP REQUIRED COMPONENTS CXX)
set_source_files_properties(src/ranklens/base/parallel.cpp PROPERTIES
  COMPILE_OPTIONS "${OpenMP_CXX_FLAGS}" SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
