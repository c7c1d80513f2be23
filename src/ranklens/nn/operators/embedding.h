#pragma once

#include "ranklens/nn/operator.h"

namespace ranklens::nn {

/// Looks up rows of a table: whole numbers [...] in [0, rows) -> [..., columns]. The table is a
/// weight [rows, columns] in any format: of a tensor train (Khrulkov, Hrinchuk, Mirvakhabova,
/// Oseledets 2019) only slices of cores are gathered, and the rows asked for multiplied out.
class Embedding final : public Operator {
 public:
  Embedding(std::int64_t rows, std::int64_t columns);
  static OperatorPtr read(const nlohmann::json& options);

  std::string_view kind() const override { return "embedding"; }
  nlohmann::json options() const override;
  std::vector<Role> roles() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  std::int64_t multiply_adds(const NodeShapes& shapes) const override;

 private:
  std::int64_t rows_, columns_;
};

}  // namespace ranklens::nn
