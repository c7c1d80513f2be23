#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/layer_rules.h"
#include "ranklens/nn/network.h"
#include "ranklens/nn/operators/options.h"

namespace ranklens::nn {

/// A value while building: its name and the shape of one sample.
struct Value {
  std::string name;
  Shape sample;
};

/// How one role of a new node is stored and drawn, where not by default.
struct Storage {
  std::string spec = "dense";
  std::optional<Init> init = {};
  /// Names an existing entry instead of making one: shared weights.
  std::string share = {};
};

/// Builds a network node by node; shapes are inferred as it goes, so that wrong ones fail where
/// they are written.
class GraphBuilder {
 public:
  /// `layers`: rules by which weights are stored ("conv*: low_rank(r=16); fc1: tt(r=8)"), whatever
  /// the calls below say of them.
  explicit GraphBuilder(std::string_view layers = "") : rules_(parse_layer_rules(layers)) {}

  Value input(const std::string& name, Shape sample);
  /// Any operator; entries are named NODE.ROLE. Returns the first output (others: "NODE:k" through
  /// value()).
  Value add(const std::string& name, const OperatorPtr& op, const std::vector<Value>& inputs,
            const std::map<std::string, Storage>& storage = {});
  Value value(const std::string& name) const;

  Value conv2d(const std::string& name, const Value& x, const Conv2dOptions& options);
  Value linear(const std::string& name, const Value& x, const LinearOptions& options);
  /// x: whole numbers, each a row of the table.
  Value embedding(const std::string& name, const Value& x, const EmbeddingOptions& options);
  /// x [sites], or [sites, d] where the input gives each site's vector.
  Value mps_classifier(const std::string& name, const Value& x,
                       const MPSClassifierOptions& options);
  Value batch_norm(const std::string& name, const Value& x, const BatchNormOptions& options = {});
  Value layer_norm(const std::string& name, const Value& x, const LayerNormOptions& options = {});
  Value relu(const std::string& name, const Value& x);
  Value relu6(const std::string& name, const Value& x);
  Value gelu(const std::string& name, const Value& x);
  Value softmax(const std::string& name, const Value& x, std::int64_t dim = -1);
  Value max_pool2d(const std::string& name, const Value& x, const PoolOptions& options = {});
  Value avg_pool2d(const std::string& name, const Value& x, const PoolOptions& options = {});
  Value adaptive_avg_pool2d(const std::string& name, const Value& x, std::int64_t height = 1,
                            std::int64_t width = 1);
  Value dropout(const std::string& name, const Value& x, double p);
  Value flatten(const std::string& name, const Value& x, bool channels_last = false);
  Value add(const std::string& name, const Value& a, const Value& b);
  Value concat(const std::string& name, const std::vector<Value>& values, std::int64_t dim = 1);
  Value normalise(const std::string& name, const Value& x, std::vector<double> mean,
                  std::vector<double> std);

  /// The network with freshly drawn weights; `outputs` empty: the last node's value.
  Network build(std::uint64_t seed, std::vector<std::string> outputs = {}) const;

 private:
  struct Planned {
    std::string entry;
    Role role;
    Storage storage;
  };
  Storage ruled(const std::string& node, const Role& role, Storage storage) const;

  LayerRules rules_;
  std::vector<GraphInput> inputs_;
  std::vector<Node> nodes_;
  std::vector<Planned> planned_;
  std::vector<std::string> factorisable_;  ///< nodes with a weight that rules may name
  std::map<std::string, Shape> samples_;
  std::map<std::string, at::ScalarType> types_;  ///< of what nodes compute
};

}  // namespace ranklens::nn
