# The report page: npm builds web/ into one HTML file, and page_template.cpp takes it in as bytes.
find_program(RANKLENS_NPM npm HINTS ${CMAKE_SOURCE_DIR}/.venv/bin)
if(NOT RANKLENS_NPM)
  message(FATAL_ERROR "the report page needs npm (node 20 or later): run scripts/bootstrap, or configure with "
                      "-DRANKLENS_WEB=OFF for plain pages")
endif()

set(RANKLENS_WEB_DIR ${CMAKE_SOURCE_DIR}/web)
set(RANKLENS_PAGE ${CMAKE_BINARY_DIR}/web/index.html)
get_filename_component(node_folder ${RANKLENS_NPM} DIRECTORY)
# npm's scripts call `node` by name, which a venv that is not active does not have on PATH.
set(RANKLENS_NPM_COMMAND ${CMAKE_COMMAND} -E env --modify PATH=path_list_prepend:${node_folder} ${RANKLENS_NPM})

set(web_installed ${RANKLENS_WEB_DIR}/node_modules/.package-lock.json)
add_custom_command(
  OUTPUT ${web_installed}
  DEPENDS ${RANKLENS_WEB_DIR}/package-lock.json
  COMMAND ${RANKLENS_NPM_COMMAND} ci --silent --no-progress
  COMMAND ${CMAKE_COMMAND} -E touch ${web_installed}
  WORKING_DIRECTORY ${RANKLENS_WEB_DIR}
  COMMENT "Installing the web front end's packages" VERBATIM)

# ccache sees what a source includes, not what its assembler takes in: the header differs when the page does.
set(page_header ${CMAKE_BINARY_DIR}/web/page.h)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${RANKLENS_WEB_DIR}/src/*)
add_custom_command(
  OUTPUT ${RANKLENS_PAGE} ${page_header}
  DEPENDS ${web_installed} ${web_sources} ${RANKLENS_WEB_DIR}/index.html ${RANKLENS_WEB_DIR}/vite.config.ts
          ${RANKLENS_WEB_DIR}/tsconfig.json ${RANKLENS_WEB_DIR}/package.json
          ${CMAKE_SOURCE_DIR}/cmake/PageHeader.cmake
  COMMAND ${RANKLENS_NPM_COMMAND} run --silent build -- --logLevel warn --emptyOutDir --outDir ${CMAKE_BINARY_DIR}/web
  COMMAND ${CMAKE_COMMAND} -DPAGE=${RANKLENS_PAGE} -DHEADER=${page_header} -P ${CMAKE_SOURCE_DIR}/cmake/PageHeader.cmake
  WORKING_DIRECTORY ${RANKLENS_WEB_DIR}
  COMMENT "Building the report page" VERBATIM)

set_source_files_properties(${CMAKE_SOURCE_DIR}/src/ranklens/report/page_template.cpp PROPERTIES
  OBJECT_DEPENDS "${RANKLENS_PAGE};${page_header}"
  COMPILE_DEFINITIONS "RANKLENS_PAGE_HEADER=\"${page_header}\""
  SKIP_UNITY_BUILD_INCLUSION ON)
