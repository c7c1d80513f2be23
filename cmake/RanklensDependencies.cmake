# Everything from outside, found once. scripts/bootstrap installs what is missing.

find_program(RANKLENS_CCACHE ccache)
if(RANKLENS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 CCACHE_INODECACHE=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${RANKLENS_CCACHE})
endif()

# libtorch: CMAKE_PREFIX_PATH, else what scripts/find-torch finds (the torch of a Python).
include(RanklensTorch)
ranklens_find_torch()
if(NOT Torch_VERSION)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/find-torch OUTPUT_VARIABLE prefix
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT prefix)
    message(FATAL_ERROR "There is no libtorch: run scripts/bootstrap, or set CMAKE_PREFIX_PATH to one")
  endif()
  list(APPEND CMAKE_PREFIX_PATH ${prefix})
  ranklens_find_torch()
endif()
if(Torch_VERSION VERSION_LESS 2.6)
  message(FATAL_ERROR "libtorch at ${TORCH_INSTALL_PREFIX} is ${Torch_VERSION}; 2.6 or later is needed")
endif()
message(STATUS "libtorch ${Torch_VERSION} from ${TORCH_INSTALL_PREFIX}")
if(TORCH_CXX_FLAGS MATCHES "CXX11_ABI=0")
  message(FATAL_ERROR "libtorch at ${TORCH_INSTALL_PREFIX} has the old C++ ABI; take one built with the new")
endif()

find_package(Threads REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
# libtorch ships fmt headers of its own, which shadow the system's: base/fmt.cpp compiles the implementation of either.
find_package(fmt REQUIRED)
