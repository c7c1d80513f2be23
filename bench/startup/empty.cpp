// Loads libtorch and ends: what any program linked to it pays. The call keeps the linker from
// dropping the library.
#include <ATen/Parallel.h>

int main() { return at::get_num_threads() > 0 ? 0 : 1; }
