// Compiled with the flags of its instruction set (cmake/RanklensKernels.cmake).
#ifdef RANKLENS_VECTOR_KERNELS
#include "ranklens/tn/linear/panels/products.inc"
#include "ranklens/tn/linear/panels/turns.inc"

namespace ranklens::tn::panels {

extern const Table avx2;
constinit const Table avx2 = {.name = "avx2",
                              .lanes = lanes,
                              .tallest = most_rows(2),
                              .by_matrix = by_matrix,
                              .by_strided = by_strided,
                              .add_by_states = add_by_states,
                              .to_panel = to_panel,
                              .from_panel = from_panel,
                              .turn = turn};

}  // namespace ranklens::tn::panels
#endif
