#include "ranklens/tn/diagram/net.h"

#include <algorithm>
#include <map>

#include "ranklens/tn/diagram/draw.h"

namespace ranklens::tn::diagram {
namespace {

Form form_of(Kind kind) {
  switch (kind) {
    case Kind::Isometry:
      return Form::Triangle;
    case Kind::Unitary:
      return Form::Square;
    case Kind::Diagonal:
      return Form::BarredCircle;
    case Kind::Symmetric:
      return Form::DoubleCircle;
    case Kind::Antisymmetric:
      return Form::HalfCircle;
    case Kind::Positive:
      return Form::Diamond;
    case Kind::Copy:
      return Form::Dot;
    case Kind::Ones:
      return Form::OpenDot;
    case Kind::Fuse:
      return Form::Wedge;
    default:
      return Form::Circle;
  }
}

class NetMaker {
 public:
  explicit NetMaker(const Diagram& diagram) : diagram_(diagram) {}

  Net make(const Term& term, const std::vector<OpenLeg>& open) {
    net_.arrangement = diagram_.arrangement;
    net_.show_sizes = diagram_.show_sizes;
    add_factors(term.factors, "");
    finish(open);
    drop_lines();
    return std::move(net_);
  }

 private:
  /// `scope` keeps legs inside a function apart from legs of the same name outside.
  void add_factors(const std::vector<Factor>& factors, const std::string& scope) {
    for (const Factor& factor : factors) {
      const int first = static_cast<int>(net_.nodes.size());
      switch (factor.what) {
        case Factor::What::Tensor:
          add_tensor(factor, scope);
          break;
        case Factor::What::Function:
          add_function(factor, scope);
          break;
        case Factor::What::Bracket:
          add_bracket(factor, scope);
          break;
        case Factor::What::Group: {
          add_factors(factor.inner.front().factors, scope);
          Cluster cluster{.label = factor.name, .nodes = {}};
          for (int n = first; n < static_cast<int>(net_.nodes.size()); ++n)
            cluster.nodes.push_back(n);
          net_.clusters.push_back(std::move(cluster));
        }
      }
    }
  }

  void add_tensor(const Factor& factor, const std::string& scope) {
    Node node{.form = form_of(factor.kind), .conjugate = factor.conjugate, .at = factor.at};
    node.hidden = factor.kind == Kind::Identity;
    if (factor.kind < Kind::Copy) node.label = factor.name;
    if (factor.kind == Kind::Zeros) node.label = "0";
    size_node(node);
    const int n = push(std::move(node));
    for (std::size_t k = 0; k < factor.legs.size(); ++k) {
      attach(scope + factor.legs[k].name, factor.legs[k].name,
             {n, static_cast<int>(k), k >= factor.split});
    }
  }

  static void size_node(Node& node) {
    const double text = text_width({.text = node.label, .at = {}, .conjugate = node.conjugate}) / 2;
    if (node.hidden) {
      node.half_width = node.half_height = 0;
    } else if (node.form == Form::Dot || node.form == Form::OpenDot) {
      node.half_width = node.half_height = 5;
    } else if (node.form == Form::Wedge) {
      node.half_width = node.half_height = 9;
    } else if (node.form == Form::Triangle) {
      node.half_width = std::max(20.0, text + 13);
      node.half_height = std::max(20.0, text + 12);
    } else if (node.form == Form::Diamond) {
      node.half_width = std::max(19.0, text + 11);
      node.half_height = 19;
    } else {
      node.half_width = std::max(16.0, text + 6);
    }
  }

  /// The function comes before what it is applied to, as in the formula.
  void add_function(const Factor& factor, const std::string& scope) {
    const std::string inner = scope + std::to_string(++scopes_) + ":";
    Node node{.form = Form::Node, .label = factor.name, .at = factor.at};
    node.half_width =
        text_width({.role = Text::Role::Function, .text = factor.name, .at = {}}) / 2 + 9;
    node.half_height = 13;
    const int n = push(std::move(node));
    for (std::size_t k = 0; k < factor.legs.size(); ++k) {
      const std::string& name = factor.legs[k].name;
      attach(inner + name, name, {n, static_cast<int>(k), false});
      attach(scope + name, name, {n, static_cast<int>(k), true});
    }
    if (factor.inner.size() == 1 && factor.inner.front().coefficient == 1) {
      add_factors(factor.inner.front().factors, inner);
    } else {
      add_frame(factor, inner);
    }
  }

  void add_bracket(const Factor& factor, const std::string& scope) {
    if (factor.inner.size() == 1 && factor.inner.front().coefficient == 1) {
      // The legs inside are the legs outside: only what is bound inside needs names of its own.
      const std::string inner = scope + std::to_string(++scopes_) + ":";
      for (const Leg& leg : factor.legs) alias_[inner + leg.name] = scope + leg.name;
      add_factors(factor.inner.front().factors, inner);
      return;
    }
    add_frame(factor, scope);
  }

  void add_frame(const Factor& factor, const std::string& scope) {
    std::vector<OpenLeg> open;
    for (const Leg& leg : factor.legs) open.push_back({.name = leg.name});
    Node node{.form = Form::Frame, .inside = draw_sum(diagram_, factor.inner, open)};
    node.half_width = (node.inside.right - node.inside.left) / 2 + 8;
    node.half_height = (node.inside.bottom - node.inside.top) / 2 + 6;
    if (factor.what == Factor::What::Bracket) node.at = factor.at;
    const int n = push(std::move(node));
    for (std::size_t k = 0; k < factor.legs.size(); ++k) {
      attach(scope + factor.legs[k].name, factor.legs[k].name, {n, static_cast<int>(k), false});
    }
  }

  int push(Node node) {
    net_.nodes.push_back(std::move(node));
    return static_cast<int>(net_.nodes.size()) - 1;
  }

  void attach(std::string key, const std::string& name, End end) {
    for (auto found = alias_.find(key); found != alias_.end(); found = alias_.find(key))
      key = found->second;
    const auto [entry, fresh] = by_name_.try_emplace(key, net_.wires.size());
    if (fresh) {
      net_.wires.push_back({.a = end, .b = {}, .name = name, .size = diagram_.sizes.at(name)});
    } else {
      net_.wires[entry->second].b = end;
    }
  }

  void finish(const std::vector<OpenLeg>& open) {
    for (std::size_t k = 0; k < open.size(); ++k) {
      const auto found = by_name_.find(open[k].name);
      if (found == by_name_.end()) continue;
      Wire& wire = net_.wires[found->second];
      wire.order = static_cast<int>(k);
      wire.side = open[k].side;
      wire.bent = open[k].bent;
    }
  }

  /// Takes out the hidden nodes that join two wires of which one leads to a tensor.
  void drop_lines() {
    for (int n = static_cast<int>(net_.nodes.size()) - 1; n >= 0; --n) {
      if (!net_.nodes[n].hidden) continue;
      std::vector<std::size_t> mine;
      for (std::size_t w = 0; w < net_.wires.size(); ++w) {
        if (net_.wires[w].a.node == n || net_.wires[w].b.node == n) mine.push_back(w);
      }
      if (mine.size() != 2) continue;  // a loop
      Wire &one = net_.wires[mine[0]], &two = net_.wires[mine[1]];
      if (one.open() && two.open()) continue;  // the bare line itself
      if (one.open()) std::swap(one, two);
      const End kept = one.a.node == n ? one.b : one.a;
      Wire joined = two.open() ? two : one;
      joined.identities = one.identities + two.identities + 1;
      joined.a = kept;
      joined.b = two.a.node == n ? two.b : two.a;
      one = joined;
      net_.wires.erase(net_.wires.begin() + static_cast<std::ptrdiff_t>(mine[1]));
      remove_node(n);
    }
  }

  void remove_node(int n) {
    net_.nodes.erase(net_.nodes.begin() + n);
    const auto renumber = [n](int& node) {
      if (node > n) --node;
    };
    for (Wire& wire : net_.wires) {
      renumber(wire.a.node);
      renumber(wire.b.node);
    }
    for (Cluster& cluster : net_.clusters) {
      std::erase(cluster.nodes, n);
      for (int& node : cluster.nodes) renumber(node);
    }
  }

  const Diagram& diagram_;
  Net net_;
  std::map<std::string, std::size_t> by_name_;
  std::map<std::string, std::string> alias_;
  int scopes_ = 0;
};

}  // namespace

Net net_of(const Diagram& diagram, const Term& term, const std::vector<OpenLeg>& open) {
  return NetMaker(diagram).make(term, open);
}

}  // namespace ranklens::tn::diagram
