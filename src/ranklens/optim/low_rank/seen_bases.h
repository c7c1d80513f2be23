#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// Bases that were found orthonormal: need not be measured again where they are still the same
/// tensors, unchanged.
class SeenBases {
 public:
  SeenBases() = default;
  SeenBases(at::Tensor u, at::Tensor v);
  bool are(const at::Tensor& u, const at::Tensor& v) const;
  bool is_empty() const { return !u_.defined(); }

 private:
  at::Tensor u_, v_;  ///< held, so that no other tensor comes to their place
  std::uint32_t version_u_ = 0, version_v_ = 0;
};

}  // namespace ranklens::optim
