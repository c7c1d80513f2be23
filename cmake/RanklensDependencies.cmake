# Everything from outside, found once. scripts/bootstrap installs what is missing.

find_program(RANKLENS_CCACHE ccache)
if(RANKLENS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${RANKLENS_CCACHE})
endif()

# libtorch: CMAKE_PREFIX_PATH, else the torch that a Python can import (the .venv of scripts/bootstrap first).
find_package(Torch QUIET)
if(NOT Torch_FOUND)
  foreach(python ${CMAKE_SOURCE_DIR}/.venv/bin/python python3)
    execute_process(COMMAND ${python} -c "import torch; print(torch.utils.cmake_prefix_path)"
                    OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
                    RESULT_VARIABLE failed)
    if(failed EQUAL 0)
      list(APPEND CMAKE_PREFIX_PATH ${prefix})
      break()
    endif()
  endforeach()
  find_package(Torch 2.6 REQUIRED)
endif()

find_package(Threads REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
# libtorch ships fmt headers of its own, which shadow the system's: header-only, so that either serves.
find_package(fmt REQUIRED)
