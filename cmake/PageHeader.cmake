# Writes HEADER: where PAGE is, and its hash, so that what includes the header is compiled anew when the page changes.
file(SHA256 ${PAGE} hash)
file(WRITE ${HEADER} "// ${hash}\n#define RANKLENS_PAGE_HTML \"${PAGE}\"\n")
