#pragma once

#include "ranklens/nn/operator.h"
#include "ranklens/nn/operators/options.h"
#include "ranklens/tn/linear/mps_classifier.h"

namespace ranklens::nn {

/// The matrix product state classifier of Stoudenmire and Schwab (2016, eq. 5): numbers in [0, 1]
/// [batch, sites] (or vectors [batch, sites, d]) -> [batch, classes], linear in the product of all
/// sites' vectors, with the label on a core between two sites. Its weights are the cores, "core.0"
/// [1, d, r] .. "core.SITES" [r', d, 1], the label's [r, classes, r'] among them; their ranks are
/// at most `bond`, and no larger than the sites on either side can use.
class MPSClassifier final : public Operator {
 public:
  using Map = MPSClassifierOptions::Map;
  struct Sizes {
    std::int64_t sites = 0, features = 2;
  };

  MPSClassifier(const Sizes& sizes, const MPSClassifierOptions& options);
  static OperatorPtr read(const nlohmann::json& options);

  std::string_view kind() const override { return "mps_classifier"; }
  nlohmann::json options() const override;
  std::size_t outputs() const override { return settings_.scaled ? 2 : 1; }
  std::vector<Role> roles() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  std::int64_t multiply_adds(const NodeShapes& shapes) const override;

 private:
  /// The middle size of a core.
  std::int64_t middle(std::int64_t core) const;
  /// sites + 2 of them, the outer ones 1.
  Shape ranks() const;
  at::Tensor features_of(const at::Tensor& x) const;
  tn::ScaledValues classify(const Call& call, const at::Tensor& features) const;

  Sizes sizes_;
  MPSClassifierOptions settings_;
};

}  // namespace ranklens::nn
