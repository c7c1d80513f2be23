#include "ranklens/report/page_template.h"

// cmake/RanklensWeb.cmake defines RANKLENS_PAGE_HEADER for this file alone: a header with the path
// of the built page.
#ifdef RANKLENS_PAGE_HEADER
#include RANKLENS_PAGE_HEADER

asm(".section .rodata\n"
    "ranklens_page_begin:\n"
    ".incbin \"" RANKLENS_PAGE_HTML
    "\"\n"
    "ranklens_page_end:\n"
    ".byte 0\n"
    ".previous\n"
    ".hidden ranklens_page_begin\n"
    ".hidden ranklens_page_end\n"
    ".globl ranklens_page_begin\n"
    ".globl ranklens_page_end\n");

extern "C" {
extern const char ranklens_page_begin[] __attribute__((visibility("hidden")));
extern const char ranklens_page_end[] __attribute__((visibility("hidden")));
}

namespace ranklens::report {

std::string_view page_template() { return {ranklens_page_begin, ranklens_page_end}; }

}  // namespace ranklens::report

#else

namespace ranklens::report {

std::string_view page_template() { return {}; }

}  // namespace ranklens::report

#endif
