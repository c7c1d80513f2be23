# The layers of docs/architecture.md, lowest first. A layer may use only those before it:
# linking is transitive, and tests/base/layers_test.cpp holds the includes against this list.
set(RANKLENS_LAYERS base tn nn optim data train explain metrics compress circuits study report)

add_library(ranklens_options INTERFACE)
set_target_properties(ranklens_options PROPERTIES EXPORT_NAME options)
target_compile_features(ranklens_options INTERFACE cxx_std_20)
target_include_directories(ranklens_options INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

add_library(ranklens_warnings INTERFACE)
target_compile_options(ranklens_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Werror)

# libtorch's headers are system headers: our warnings are errors, theirs are not ours to mend.
# An installed ranklens takes the libtorch that its user has (ranklensConfig.cmake.in).
add_library(ranklens_torch INTERFACE)
set_target_properties(ranklens_torch PROPERTIES EXPORT_NAME torch)
target_include_directories(ranklens_torch SYSTEM INTERFACE "$<BUILD_INTERFACE:${TORCH_INCLUDE_DIRS}>")
target_link_libraries(ranklens_torch INTERFACE "$<BUILD_INTERFACE:${TORCH_LIBRARIES}>")
# A header that wants one operator takes in that one, not all two thousand: half of the compile time.
target_compile_definitions(ranklens_torch INTERFACE $<BUILD_INTERFACE:AT_PER_OPERATOR_HEADERS>)

# fmt's headers; what they declare is compiled once, in base/fmt.cpp, which says why.
add_library(ranklens_fmt INTERFACE)
set_target_properties(ranklens_fmt PROPERTIES EXPORT_NAME fmt)
target_include_directories(ranklens_fmt SYSTEM INTERFACE
  "$<TARGET_PROPERTY:fmt::fmt-header-only,INTERFACE_INCLUDE_DIRECTORIES>")

set(RANKLENS_USES_base ranklens_torch ranklens_fmt nlohmann_json::nlohmann_json
    tomlplusplus::tomlplusplus PNG::PNG JPEG::JPEG ZLIB::ZLIB Threads::Threads)

# Parsing libtorch's headers takes three quarters of a compilation: they are parsed once for the libraries,
# once for the tests and once for the program (whose flags differ). A header must compile without them: `make headers`.
set(RANKLENS_PRECOMPILED
  <ATen/TensorOperators.h> <ATen/core/Tensor.h> <ATen/core/grad_mode.h> <ATen/ops/arange.h> <ATen/ops/cat.h>
  <ATen/ops/empty.h> <ATen/ops/equal.h> <ATen/ops/full.h> <ATen/ops/matmul.h> <ATen/ops/ones.h> <ATen/ops/stack.h>
  <ATen/ops/tensor.h> <ATen/ops/zeros.h> <ATen/ops/zeros_like.h> <fmt/format.h> <fmt/ranges.h> <nlohmann/json.hpp>
  <algorithm> <filesystem> <fstream> <functional> <map> <memory> <optional> <set> <string> <vector>)
option(RANKLENS_PCH "Precompile the headers of libtorch" ON)

# A target of its own, since the lowest library has flags of its own.
function(ranklens_precompiled_headers)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "// The headers are the contents.\n")
  add_library(ranklens_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(ranklens_precompiled PRIVATE ranklens_warnings ranklens_options ${RANKLENS_USES_base})
  target_precompile_headers(ranklens_precompiled PRIVATE ${RANKLENS_PRECOMPILED})
endfunction()
if(RANKLENS_PCH)
  ranklens_precompiled_headers()
endif()

# Which sources the preset `release` compiles as one: up to six of the same folder.
function(ranklens_unity_groups root)
  foreach(source IN LISTS ARGN)
    get_filename_component(place ${source} DIRECTORY)
    file(RELATIVE_PATH place ${root} ${place})
    string(MAKE_C_IDENTIFIER "in_${place}" place)
    math(EXPR group "${count_${place}} + 0" OUTPUT_FORMAT DECIMAL)
    math(EXPR count_${place} "${group} + 1")
    math(EXPR group "${group} / 6")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${place}_${group})
  endforeach()
endfunction()

# Defines the library ranklens_LAYER from src/ranklens/LAYER, linked to all layers below it.
function(ranklens_layer layer)
  set(folder ${CMAKE_SOURCE_DIR}/src/ranklens/${layer})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${folder}/*.h)
  set(below ${RANKLENS_BELOW})
  set(target ranklens_${layer})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:ranklens_warnings>)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ${RANKLENS_UNITY} UNITY_BUILD_MODE GROUP
                          EXPORT_NAME ${layer})
    ranklens_unity_groups(${folder} ${sources})
    if(RANKLENS_PCH AND NOT layer STREQUAL base)
      target_precompile_headers(${target} REUSE_FROM ranklens_precompiled)
    endif()
    if(layer STREQUAL base)
      target_compile_definitions(${target} PRIVATE RANKLENS_VERSION="${PROJECT_VERSION}")
      # No fused multiply-add behind our back: random values are the same on every processor.
      # A square root need not set errno, nor a selection keep traps: both would stop vectorising.
      target_compile_options(${target} PRIVATE -ffp-contract=off -fno-math-errno -fno-trapping-math
                             $<$<CXX_COMPILER_ID:GNU>:-fvect-cost-model=dynamic>)
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${layer})
  endif()
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${headers})
  target_link_libraries(${target} ${scope} ranklens_options ${below} ${RANKLENS_USES_${layer}})
  add_library(ranklens::${layer} ALIAS ${target})
  set(RANKLENS_BELOW ${target} ${below} PARENT_SCOPE)
  set(RANKLENS_TOP ranklens_${layer} PARENT_SCOPE)
endfunction()

# A sanitizer build: cmake -DRANKLENS_SANITIZE=address,undefined
if(RANKLENS_SANITIZE)
  add_compile_options(-fsanitize=${RANKLENS_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RANKLENS_SANITIZE})
endif()
