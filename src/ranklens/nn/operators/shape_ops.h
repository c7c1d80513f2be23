#pragma once

#include "ranklens/nn/operator.h"

namespace ranklens::nn {

/// [batch, c, h, w] -> [batch, features], in the order (c, h, w) or, channels last, (h, w, c).
class Flatten final : public Operator {
 public:
  explicit Flatten(bool channels_last) : channels_last_(channels_last) {}
  static OperatorPtr read(const nlohmann::json& options);
  std::string_view kind() const override { return "flatten"; }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  bool keeps_integers() const override { return true; }

 private:
  bool channels_last_;
};

/// The sum of two values of the same shape.
class Add final : public Operator {
 public:
  std::string_view kind() const override { return "add"; }
  std::size_t inputs() const override { return 2; }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  bool keeps_integers() const override { return true; }
};

/// Values joined along one dimension of the batched value.
class Concat final : public Operator {
 public:
  explicit Concat(std::int64_t dim) : dim_(dim) {}
  static OperatorPtr read(const nlohmann::json& options);
  std::string_view kind() const override { return "concat"; }
  std::size_t inputs() const override { return any_number; }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  bool keeps_integers() const override { return true; }

 private:
  std::int64_t dim_;
};

/// A value cut into pieces of the given sizes along one dimension: as many outputs as sizes.
class Split final : public Operator {
 public:
  Split(std::vector<std::int64_t> sizes, std::int64_t dim);
  static OperatorPtr read(const nlohmann::json& options);
  std::string_view kind() const override { return "split"; }
  std::size_t outputs() const override { return sizes_.size(); }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  bool keeps_integers() const override { return true; }

 private:
  std::vector<std::int64_t> sizes_;
  std::int64_t dim_;
};

/// In training mode each value is zeroed with probability p and the others divided by 1 - p
/// (Srivastava et al. 2014). The mask is drawn from the run's stream, child of the node's name.
class Dropout final : public Operator {
 public:
  explicit Dropout(double p);
  static OperatorPtr read(const nlohmann::json& options);
  double p() const { return p_; }
  std::string_view kind() const override { return "dropout"; }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  /// bool: what is not zeroed in a value of these sizes. An Error naming the node without a stream.
  at::Tensor keep(at::IntArrayRef sizes, std::string_view node, const base::Stream* random) const;

 private:
  double p_;
};

}  // namespace ranklens::nn
