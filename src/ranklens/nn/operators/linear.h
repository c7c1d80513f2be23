#pragma once

#include "ranklens/nn/operator.h"

namespace ranklens::nn {

/// [..., in] -> [..., out].
class Linear final : public Operator {
 public:
  Linear(std::int64_t in, std::int64_t out, bool bias = true);
  static OperatorPtr read(const nlohmann::json& options);

  std::int64_t in() const { return in_; }
  std::int64_t out() const { return out_; }
  std::string_view kind() const override { return "linear"; }
  nlohmann::json options() const override;
  std::vector<Role> roles() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  std::int64_t multiply_adds(const NodeShapes& shapes) const override;

 private:
  std::int64_t in_, out_;
  bool bias_;
};

}  // namespace ranklens::nn
