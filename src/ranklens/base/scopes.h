#pragma once

// Names of parts of the work that are marked for observers by libtorch's RECORD_USER_SCOPE, which
// costs nothing where nobody observes: its profiler, and study::timings.
namespace ranklens::base {

/// QR factorisations, orthonormal bases, singular values: what low-rank steps pay beside products.
inline constexpr const char* factorisation_scope = "ranklens::factorisation";
/// A loss with its gradients: the forward and the backward pass.
inline constexpr const char* loss_scope = "ranklens::loss";
/// What makes a step's direction of momentum and gradient, and takes momentum to where it ends.
inline constexpr const char* momentum_scope = "ranklens::momentum";

}  // namespace ranklens::base
