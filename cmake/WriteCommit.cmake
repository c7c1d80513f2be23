# cmake -DSOURCE=... -DGIT=... -DHEADER=... -P: the commit of a checkout as a header, rewritten where it changed.
cmake_policy(VERSION 3.25)
set(commit "")
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --short=10 HEAD
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND ${GIT} -C ${SOURCE} status --porcelain --untracked-files=no
                  OUTPUT_VARIABLE changes ERROR_QUIET)
  if(commit AND changes)
    string(APPEND commit ", changed")
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define RANKLENS_COMMIT \"@commit@\"\n" @ONLY)
