# cmake -DSOURCE=... -DGIT=... -DHEADER=... -P: the commit that last changed the sources of a checkout, as a header,
# which is rewritten only where that has changed. "" where SOURCE is not the top of a checkout, or git says nothing.
cmake_policy(VERSION 3.25)
set(sources src apps cmake web CMakeLists.txt)

# What git prints, without taking a lock that somebody's `git add` wants; ok is false where it failed.
function(git_says result)
  execute_process(COMMAND ${GIT} --no-optional-locks -C ${SOURCE} ${ARGN}
                  OUTPUT_VARIABLE said OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    set(ok FALSE PARENT_SCOPE)
  endif()
  set(${result} "${said}" PARENT_SCOPE)
endfunction()

set(commit "")
if(GIT)
  set(ok TRUE)
  git_says(above rev-parse --show-prefix)
  git_says(last log -1 --format=%h --abbrev=10 -- ${sources})
  git_says(changes status --porcelain -- ${sources})
  if(ok AND last AND NOT above)
    set(commit ${last})
    if(changes)
      string(APPEND commit "-changed")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define RANKLENS_COMMIT \"@commit@\"\n" @ONLY)
