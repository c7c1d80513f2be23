# libtorch, for the build and for those who use an installed ranklens. ranklens_find_torch() sets
#   TORCH_INSTALL_PREFIX, TORCH_INCLUDE_DIRS, TORCH_LIBRARIES, Torch_VERSION
# from the TorchConfig.cmake in CMAKE_PREFIX_PATH (or Torch_DIR); with no such file, Torch_VERSION is empty.
#
# A CPU build of libtorch describes itself well. The CMake files of a CUDA build, which is what pip takes by default on
# Linux, stop where the CUDA toolkit is not installed; ranklens compiles no CUDA, so they are not read: it links
# libtorch_cpu, and libtorch_cuda too where the libraries which that one needs are there (they are not on a machine
# without a GPU where scripts/bootstrap installed it).

# The file `name` of libtorch's CMake files in the prefixes given, or "".
function(ranklens_torch_file name result)
  string(REPLACE ":" ";" prefixes "$ENV{CMAKE_PREFIX_PATH}")
  find_file(found ${name} PATHS ${Torch_DIR} ${CMAKE_PREFIX_PATH} ${prefixes}
            PATH_SUFFIXES Torch share/cmake/Torch NO_DEFAULT_PATH NO_CACHE)
  if(NOT found)
    set(found "")
  endif()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# The version in the headers of the libtorch in `prefix`.
function(ranklens_torch_version prefix result)
  foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(EXISTS ${prefix}/include/${header})
      file(STRINGS ${prefix}/include/${header} lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
      if(lines)
        string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
        list(JOIN numbers "." version)
        break()
      endif()
    endif()
  endforeach()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# Does the dynamic linker find all that `library` needs?
function(ranklens_loads library result)
  execute_process(COMMAND ldd ${library} OUTPUT_VARIABLE needs ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0 AND NOT needs MATCHES "not found")
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# The libraries of the CUDA build in `prefix`, by their files.
function(ranklens_torch_cuda_libraries prefix result)
  set(libraries ${prefix}/lib/libtorch_cpu.so ${prefix}/lib/libc10.so)
  ranklens_loads(${prefix}/lib/libtorch_cpu.so loads)
  if(NOT loads)
    message(FATAL_ERROR "libtorch in ${prefix} is a CUDA build without the libraries of CUDA that it needs: run "
                        "scripts/bootstrap in a fresh clone, or take a CPU build")
  endif()
  ranklens_loads(${prefix}/lib/libtorch_cuda.so loads)
  if(loads)  # nothing names its functions: they register themselves when it is loaded
    list(PREPEND libraries -Wl,--no-as-needed ${prefix}/lib/libtorch_cuda.so ${prefix}/lib/libc10_cuda.so -Wl,--as-needed)
  endif()
  set(${result} "${libraries}" PARENT_SCOPE)
endfunction()

# The OpenMP runtime to link with the libtorch in `prefix`: its own where it brings one, so that a process has one.
macro(ranklens_torch_openmp prefix result)
  file(GLOB ${result} ${prefix}/lib/libgomp*.so*)
  if(NOT ${result} OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    set(${result} OpenMP::OpenMP_CXX)
  endif()
endmacro()

macro(ranklens_find_torch)
  set(Torch_VERSION "")
  ranklens_torch_file(TorchConfig.cmake ranklens_torch_config)
  if(ranklens_torch_config)
    get_filename_component(TORCH_INSTALL_PREFIX ${ranklens_torch_config}/../../../.. ABSOLUTE)
    if(EXISTS ${TORCH_INSTALL_PREFIX}/lib/libtorch_cuda.so)
      file(STRINGS ${ranklens_torch_config} TORCH_CXX_FLAGS REGEX "CXX11_ABI=0")
      set(TORCH_INCLUDE_DIRS ${TORCH_INSTALL_PREFIX}/include ${TORCH_INSTALL_PREFIX}/include/torch/csrc/api/include)
      ranklens_torch_version(${TORCH_INSTALL_PREFIX} Torch_VERSION)
      ranklens_torch_cuda_libraries(${TORCH_INSTALL_PREFIX} TORCH_LIBRARIES)
    else()
      find_package(Torch REQUIRED)
    endif()
    ranklens_torch_openmp(${TORCH_INSTALL_PREFIX} ranklens_openmp)
    list(APPEND TORCH_LIBRARIES ${ranklens_openmp})
  endif()
endmacro()
