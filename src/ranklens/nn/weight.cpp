#include "ranklens/nn/weight.h"

#include <c10/util/accumulate.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/cp.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tt_conv.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/nn/weights/tucker.h"

namespace ranklens::nn {

Weight::Weight(const at::Tensor& dense) : format_(std::make_shared<Dense>(dense)) {}

bool Weight::is_dense() const { return format_ && format_->kind() == "dense"; }

const at::Tensor& Weight::tensor() const {
  base::require(is_dense(), "a weight stored as {} has no single tensor",
                format_ ? format_->spec() : "nothing");
  return static_cast<const Dense&>(*format_).value();
}

std::int64_t WeightFormat::parameters() const {
  std::int64_t count = 0;
  for (const auto& factor : factors()) count += factor.tensor.numel();
  return count;
}

at::Tensor WeightFormat::rows(const at::Tensor&) const {
  base::fail("a weight stored as {} is no table of rows", spec());
}

nlohmann::json FactorisedFormat::structure() const { return {{"shape", shape_}}; }

std::int64_t FactorisedFormat::columns() const {
  return c10::multiply_integers(shape_.begin() + 1, shape_.end());
}

Weight make_weight(const std::string& kind, const nlohmann::json& structure,
                   const std::vector<Factor>& factors) {
  if (kind == "dense") return Dense::read(structure, factors);
  if (kind == "low_rank") return FixedRank::read(structure, factors);
  if (kind == "tt") return TTMatrix::read(structure, factors);
  if (kind == "tt_conv") return TTConv::read(structure, factors);
  if (kind == "tucker") return Tucker2::read(structure, factors);
  if (kind == "cp") return CPKernel::read(structure, factors);
  base::fail("no weight format is called '{}'{}", kind,
             base::nearest_hint(kind, {"dense", "low_rank", "tt", "tt_conv", "tucker", "cp"}));
}

at::Tensor in_type_of(const at::Tensor& x, const Weight& weight) {
  const auto type = weight->factors().front().tensor.scalar_type();
  return x.scalar_type() == type || !x.is_floating_point() ? x : x.to(type);
}

}  // namespace ranklens::nn
