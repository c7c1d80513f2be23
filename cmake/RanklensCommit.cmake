# Which commit a program is of: base/version.cpp says so in manifests and results.
find_package(Git QUIET)
set(commit_header ${CMAKE_BINARY_DIR}/commit/ranklens_commit.h)
set(write_commit ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DGIT=${GIT_EXECUTABLE} -DHEADER=${commit_header}
                 -P ${CMAKE_SOURCE_DIR}/cmake/WriteCommit.cmake)
execute_process(COMMAND ${write_commit})  # for those who read sources without a build
add_custom_target(ranklens_commit COMMAND ${write_commit} BYPRODUCTS ${commit_header} VERBATIM)
add_dependencies(ranklens_base ranklens_commit)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/ranklens/base/version.cpp PROPERTIES
  COMPILE_DEFINITIONS "RANKLENS_COMMIT_HEADER=\"${commit_header}\""
  SKIP_UNITY_BUILD_INCLUSION ON)
