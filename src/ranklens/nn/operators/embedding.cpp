#include "ranklens/nn/operators/embedding.h"

#include <ATen/TensorOperators.h>
#include <c10/util/accumulate.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {
namespace {

/// Error unless all are rows of the table: what reads memory must not trust its input.
void check_rows(const at::Tensor& indices, std::int64_t rows, std::string_view node) {
  if (indices.numel() == 0) return;
  const auto least = indices.min().item<std::int64_t>(), most = indices.max().item<std::int64_t>();
  base::require(least >= 0 && most < rows,
                "node '{}' (embedding) has the rows 0 to {}, and is asked for row {}", node,
                rows - 1, least < 0 ? least : most);
}

}  // namespace

Embedding::Embedding(std::int64_t rows, std::int64_t columns) : rows_(rows), columns_(columns) {
  base::require(rows >= 1 && columns >= 1, "an embedding needs at least one row and one column");
  constexpr std::int64_t most = std::int64_t{1}
                                << 40;  // numbers; what is counted does not overflow
  base::require(columns <= most && rows <= most / columns,
                "an embedding of {} rows of {} columns is too large", rows, columns);
}

OperatorPtr Embedding::read(const nlohmann::json& options) {
  std::int64_t rows = 0, columns = 0;
  OptionReader("embedding", options).read("rows", rows).read("columns", columns).finish();
  return std::make_shared<Embedding>(rows, columns);
}

nlohmann::json Embedding::options() const { return {{"rows", rows_}, {"columns", columns_}}; }

std::vector<Role> Embedding::roles() const {
  return {{.name = "weight",
           .shape = {rows_, columns_},
           .init = {.kind = Init::Kind::normal, .std = 1},
           .factorisable = true}};
}

std::vector<at::Tensor> Embedding::run(const Call& call) const {
  const auto& x = call.input();
  base::require(at::isIntegralType(x.scalar_type(), false),
                "node '{}' (embedding) looks up whole numbers, not {}", call.node,
                base::dtype_name(x.scalar_type()));
  const auto indices = x.to(at::kLong);
  check_rows(indices, rows_, call.node);
  return {call.weight("weight")->rows(indices)};
}

std::vector<Shape> Embedding::infer(std::span<const Shape> inputs) const {
  Shape shape = inputs.front();
  shape.push_back(columns_);
  return {shape};
}

std::int64_t Embedding::multiply_adds(const NodeShapes& shapes) const {
  return c10::multiply_integers(shapes.inputs.front()) *
         shapes.weights.find("weight")->second->row_multiply_adds();
}

}  // namespace ranklens::nn
