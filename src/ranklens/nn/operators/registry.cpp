// The one table of operator kinds. A new operator: a header and a source in this folder, and a line
// here.

#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/activation.h"
#include "ranklens/nn/operators/aten_call.h"
#include "ranklens/nn/operators/conv2d.h"
#include "ranklens/nn/operators/embedding.h"
#include "ranklens/nn/operators/linear.h"
#include "ranklens/nn/operators/mps_classifier.h"
#include "ranklens/nn/operators/norm.h"
#include "ranklens/nn/operators/pool.h"
#include "ranklens/nn/operators/read_options.h"
#include "ranklens/nn/operators/shape_ops.h"

namespace ranklens::nn {
namespace {

using Reader = std::function<OperatorPtr(const nlohmann::json&)>;

template <class Op, class... Args>
Reader plain(const char* kind, Args... args) {
  return [=](const nlohmann::json& options) -> OperatorPtr {
    OptionReader(kind, options).finish();
    return std::make_shared<Op>(args...);
  };
}

Reader pool(Pool2d::Function function) {
  return [=](const nlohmann::json& options) { return Pool2d::read(function, options); };
}

const std::map<std::string, Reader>& table() {
  static const std::map<std::string, Reader> readers{
      {"adaptive_avg_pool2d", AdaptiveAvgPool2d::read},
      {"add", plain<Add>("add")},
      {"aten", AtenCall::read},
      {"avg_pool2d", pool(Pool2d::Function::average)},
      {"batch_norm", BatchNorm::read},
      {"concat", Concat::read},
      {"conv2d", Conv2d::read},
      {"dropout", Dropout::read},
      {"embedding", Embedding::read},
      {"flatten", Flatten::read},
      {"gelu", plain<Activation>("gelu", Activation::Function::gelu)},
      {"layer_norm", LayerNorm::read},
      {"linear", Linear::read},
      {"max_pool2d", pool(Pool2d::Function::max)},
      {"mps_classifier", MPSClassifier::read},
      {"normalise", Normalise::read},
      {"relu", plain<Activation>("relu", Activation::Function::relu)},
      {"relu6", plain<Activation>("relu6", Activation::Function::relu6)},
      {"softmax", Softmax::read},
      {"split", Split::read},
  };
  return readers;
}

}  // namespace

OperatorPtr make_operator(const std::string& kind, const nlohmann::json& options) {
  const auto found = table().find(kind);
  base::require(found != table().end(), "no operator is called '{}'{}", kind,
                base::nearest_hint(kind, operator_kinds()));
  return found->second(options);
}

std::vector<std::string> operator_kinds() {
  std::vector<std::string> kinds;
  for (const auto& [kind, reader] : table()) kinds.push_back(kind);
  return kinds;
}

}  // namespace ranklens::nn
