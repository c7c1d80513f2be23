// The layer calls of GraphBuilder: options in, operator and storage out.

#include "ranklens/base/error.h"
#include "ranklens/nn/builder.h"
#include "ranklens/nn/operators/activation.h"
#include "ranklens/nn/operators/conv2d.h"
#include "ranklens/nn/operators/embedding.h"
#include "ranklens/nn/operators/linear.h"
#include "ranklens/nn/operators/mps_classifier.h"
#include "ranklens/nn/operators/norm.h"
#include "ranklens/nn/operators/pool.h"
#include "ranklens/nn/operators/shape_ops.h"

namespace ranklens::nn {
namespace {

std::map<std::string, Storage> storage_of(const std::string& weight,
                                          const std::optional<Init>& init, bool bias,
                                          const std::optional<Init>& bias_init) {
  std::map<std::string, Storage> storage{{"weight", {.spec = weight, .init = init}}};
  if (bias) storage["bias"] = {.init = bias_init};
  return storage;
}

}  // namespace

Value GraphBuilder::conv2d(const std::string& name, const Value& x, const Conv2dOptions& o) {
  base::require(x.sample.size() == 3,
                "node '{}' (conv2d) takes an image, not a value of {} dimensions", name,
                x.sample.size());
  const Conv2d::Sizes sizes{.in = x.sample[0],
                            .out = o.out,
                            .kernel = o.kernel,
                            .stride = o.stride,
                            .dilation = o.dilation,
                            .groups = o.groups,
                            .padding = o.padding,
                            .same = o.same,
                            .bias = o.bias};
  return add(name, std::make_shared<Conv2d>(sizes), {x},
             storage_of(o.weight, o.init, o.bias, o.bias_init));
}

Value GraphBuilder::linear(const std::string& name, const Value& x, const LinearOptions& o) {
  base::require(!x.sample.empty(), "node '{}' (linear) takes a vector", name);
  return add(name, std::make_shared<Linear>(x.sample.back(), o.out, o.bias), {x},
             storage_of(o.weight, o.init, o.bias, o.bias_init));
}

Value GraphBuilder::embedding(const std::string& name, const Value& x, const EmbeddingOptions& o) {
  return add(name, std::make_shared<Embedding>(o.rows, o.columns), {x},
             {{"weight", {.spec = o.weight, .init = o.init}}});
}

Value GraphBuilder::mps_classifier(const std::string& name, const Value& x,
                                   const MPSClassifierOptions& o) {
  const bool given = o.map == MPSClassifierOptions::Map::given;
  base::require(x.sample.size() == (given ? 2U : 1U),
                "node '{}' (mps_classifier) takes {}, not a value of {} dimensions", name,
                given ? "a vector for each site" : "a number for each site", x.sample.size());
  return add(name,
             std::make_shared<MPSClassifier>(
                 MPSClassifier::Sizes{x.sample[0], given ? x.sample[1] : 2}, o),
             {x});
}

Value GraphBuilder::batch_norm(const std::string& name, const Value& x,
                               const BatchNormOptions& options) {
  base::require(!x.sample.empty(), "node '{}' (batch_norm) takes at least one feature", name);
  return add(name, std::make_shared<BatchNorm>(x.sample[0], options), {x});
}

Value GraphBuilder::layer_norm(const std::string& name, const Value& x,
                               const LayerNormOptions& options) {
  base::require(!x.sample.empty(), "node '{}' (layer_norm) takes a vector", name);
  return add(name, std::make_shared<LayerNorm>(x.sample.back(), options), {x});
}

Value GraphBuilder::relu(const std::string& name, const Value& x) {
  return add(name, std::make_shared<Activation>(Activation::Function::relu), {x});
}

Value GraphBuilder::relu6(const std::string& name, const Value& x) {
  return add(name, std::make_shared<Activation>(Activation::Function::relu6), {x});
}

Value GraphBuilder::gelu(const std::string& name, const Value& x) {
  return add(name, std::make_shared<Activation>(Activation::Function::gelu), {x});
}

Value GraphBuilder::softmax(const std::string& name, const Value& x, std::int64_t dim) {
  return add(name, std::make_shared<Softmax>(dim), {x});
}

Value GraphBuilder::max_pool2d(const std::string& name, const Value& x,
                               const PoolOptions& options) {
  return add(name, std::make_shared<Pool2d>(Pool2d::Function::max, options), {x});
}

Value GraphBuilder::avg_pool2d(const std::string& name, const Value& x,
                               const PoolOptions& options) {
  return add(name, std::make_shared<Pool2d>(Pool2d::Function::average, options), {x});
}

Value GraphBuilder::adaptive_avg_pool2d(const std::string& name, const Value& x,
                                        std::int64_t height, std::int64_t width) {
  return add(name, std::make_shared<AdaptiveAvgPool2d>(height, width), {x});
}

Value GraphBuilder::dropout(const std::string& name, const Value& x, double p) {
  return add(name, std::make_shared<Dropout>(p), {x});
}

Value GraphBuilder::flatten(const std::string& name, const Value& x, bool channels_last) {
  return add(name, std::make_shared<Flatten>(channels_last), {x});
}

Value GraphBuilder::add(const std::string& name, const Value& a, const Value& b) {
  return add(name, std::make_shared<Add>(), {a, b});
}

Value GraphBuilder::concat(const std::string& name, const std::vector<Value>& values,
                           std::int64_t dim) {
  return add(name, std::make_shared<Concat>(dim), values);
}

Value GraphBuilder::normalise(const std::string& name, const Value& x, std::vector<double> mean,
                              std::vector<double> std) {
  return add(name, std::make_shared<Normalise>(std::move(mean), std::move(std)), {x});
}

}  // namespace ranklens::nn
