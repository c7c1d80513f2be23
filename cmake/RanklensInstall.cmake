# make install: the libraries, their headers and the program; find_package(ranklens) gives ranklens::base, ..., and
# ranklens::ranklens for all of them. Nothing installed names a place of the build.
include(CMakePackageConfigHelpers)

set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/ranklens)
set(targets ranklens_options ranklens_torch ranklens_fmt ranklens_all)
foreach(layer IN LISTS RANKLENS_LAYERS)
  list(APPEND targets ranklens_${layer})
endforeach()

install(TARGETS ${targets} EXPORT ranklensTargets FILE_SET HEADERS)
install(TARGETS ranklens_app)
install(EXPORT ranklensTargets NAMESPACE ranklens:: DESTINATION ${folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ranklensConfig.cmake.in
  ${CMAKE_BINARY_DIR}/ranklensConfig.cmake INSTALL_DESTINATION ${folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ranklensConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/ranklensConfig.cmake ${CMAKE_BINARY_DIR}/ranklensConfigVersion.cmake
        ${CMAKE_CURRENT_LIST_DIR}/RanklensTorch.cmake DESTINATION ${folder})
