# Installs the build to a folder of its own, looks for places of the build in what was installed, then builds and runs a
# small program that uses it.   cmake -DBUILD=... -DSOURCE=... -DTORCH=... -DCXX=... -P check.cmake
set(work ${BUILD}/install-check)
file(REMOVE_RECURSE ${work})

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGV}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/here)
file(RENAME ${work}/here ${work}/there)  # it must not matter where it lies

file(GLOB_RECURSE installed ${work}/there/*.cmake ${work}/there/*.h)
foreach(file IN LISTS installed)
  file(READ ${file} text)
  foreach(place ${BUILD} ${SOURCE} ${TORCH} ${work})
    string(FIND "${text}" "${place}" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "${file} names ${place}")
    endif()
  endforeach()
endforeach()

# The program of the README is this one.
file(READ ${SOURCE}/README.md readme)
file(READ ${CMAKE_CURRENT_LIST_DIR}/consumer/main.cpp program)
string(FIND "${readme}" "${program}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "README.md shows another program than tests/install/consumer/main.cpp")
endif()

set(ENV{CMAKE_PREFIX_PATH} ${work}/there:${TORCH})
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${work}/consumer -G Ninja -DCMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${work}/consumer)
run(${work}/consumer/consumer WORKING_DIRECTORY ${work}/consumer)
if(NOT output MATCHES "consumer: ")
  message(FATAL_ERROR "the consumer said: ${output}")
endif()
run(${work}/there/bin/ranklens --version)
file(REMOVE_RECURSE ${work})
