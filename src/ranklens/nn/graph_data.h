#pragma once

#include <map>
#include <string>
#include <vector>

#include "ranklens/nn/graph.h"

namespace ranklens::nn {

/// A graph with its values numbered, for the executor: value k lives in slot k.
struct GraphData {
  GraphData(std::vector<GraphInput> inputs, std::vector<Node> nodes,
            std::vector<std::string> outputs);

  std::vector<GraphInput> inputs;
  std::vector<Node> nodes;
  std::vector<std::string> outputs;

  std::vector<std::string> values;           ///< names by slot: inputs first
  std::map<std::string, std::size_t> slots;  ///< and back
  std::map<std::string, std::size_t> node_index;
  std::vector<std::vector<std::size_t>> input_slots;  ///< by node
  std::vector<std::size_t> first_output;              ///< by node: the slot of its output 0
  std::vector<std::size_t> output_slots;
  std::vector<std::size_t> last_use;  ///< by slot: the node after which it can be freed

  std::size_t slot(const std::string& value, const std::string& who) const;

 private:
  void add_value(const std::string& name);
  void add_node(std::size_t k);
};

}  // namespace ranklens::nn
