#pragma once

// Names of parts of the work that are marked for observers by libtorch's RECORD_USER_SCOPE, which
// costs nothing where nobody observes: its profiler, and study::timings.
namespace ranklens::base {

/// QR factorisations, orthonormal bases, singular values: what low-rank steps pay beside products.
inline constexpr const char* factorisation_scope = "ranklens::factorisation";

}  // namespace ranklens::base
