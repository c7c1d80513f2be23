#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>

#include "ranklens/tn/diagram/layout.h"

namespace ranklens::tn::diagram {
namespace {

struct Cell {
  int x = 0, y = 0;
  bool operator<(const Cell& other) const { return x != other.x ? x < other.x : y < other.y; }
};

constexpr std::array<Cell, 4> kSteps = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
constexpr int kMostTrials = 60000;

/// Depth-first search over all ways to put neighbours on neighbouring cells, which keeps the one of
/// least cost: reading order from left to right, chains straight, the whole compact.
class GridSearch {
 public:
  explicit GridSearch(const Part& part) : part_(part), cells_(part.nodes.size()) {
    placed_.assign(part.nodes.size(), false);
    order_nodes();
  }

  std::vector<Point> run() {
    for (const auto& links : part_.links) {
      if (links.size() > 4) return {};
    }
    put(order_.front(), {0, 0});
    search(1, 0);
    std::vector<Point> places;
    for (const Cell& cell : best_) places.push_back({double(cell.x), double(cell.y)});
    return places;
  }

 private:
  /// Breadth first from the first end of a chain, or from the first node.
  void order_nodes() {
    const auto end = std::find_if(part_.links.begin(), part_.links.end(),
                                  [](const auto& links) { return links.size() <= 1; });
    const int start = end == part_.links.end() ? 0 : static_cast<int>(end - part_.links.begin());
    std::vector<bool> seen(part_.nodes.size(), false);
    order_ = {start};
    seen[start] = true;
    for (std::size_t k = 0; k < order_.size(); ++k) {
      auto links = part_.links[order_[k]];
      std::sort(links.begin(), links.end());
      for (const int n : links) {
        if (!seen[n]) order_.push_back(n);
        seen[n] = true;
      }
    }
  }

  void put(int node, Cell cell) {
    cells_[node] = cell;
    placed_[node] = true;
    taken_[cell] = node;
  }
  void lift(int node) {
    placed_[node] = false;
    taken_.erase(cells_[node]);
  }

  void search(std::size_t depth, double cost) {
    if (cost >= best_cost_ || ++trials_ > kMostTrials) return;
    if (depth == order_.size()) {
      const double total = cost + extent();
      if (total < best_cost_) {
        best_cost_ = total;
        best_ = cells_;
      }
      return;
    }
    const int node = order_[depth];
    int anchor = -1;
    for (const int n : part_.links[node]) {
      if (placed_[n] && anchor < 0) anchor = n;
    }
    for (const Cell& step : kSteps) {
      const Cell cell{cells_[anchor].x + step.x, cells_[anchor].y + step.y};
      if (taken_.count(cell) || !fits(node, cell)) continue;
      put(node, cell);
      search(depth + 1, cost + cost_of(node));
      lift(node);
    }
  }

  bool fits(int node, Cell cell) const {
    return std::all_of(part_.links[node].begin(), part_.links[node].end(), [&](int n) {
      return !placed_[n] || std::abs(cells_[n].x - cell.x) + std::abs(cells_[n].y - cell.y) == 1;
    });
  }

  /// What the node adds: a neighbour that is written later stands to the right (best), below, above
  /// or to the left; a chain that turns costs more than one that runs on.
  double cost_of(int node) const {
    double cost = 0;
    for (const int n : part_.links[node]) {
      if (!placed_[n]) continue;
      const int sign = n < node ? 1 : -1;
      const int dx = sign * (cells_[node].x - cells_[n].x);
      const int dy = sign * (cells_[node].y - cells_[n].y);
      cost += dx > 0 ? 0 : dy > 0 ? 0.3 : dy < 0 ? 0.8 : 1.3;
      if (part_.links[n].size() == 2) cost += turn(n);
    }
    if (part_.links[node].size() == 2) cost += turn(node);
    return cost;
  }

  double turn(int n) const {
    const int a = part_.links[n][0], b = part_.links[n][1];
    if (!placed_[a] || !placed_[b]) return 0;
    return cells_[a].x == cells_[b].x || cells_[a].y == cells_[b].y ? 0 : 0.5;
  }

  double extent() const {
    int low_x = 0, high_x = 0, low_y = 0, high_y = 0;
    for (const Cell& cell : cells_) {
      low_x = std::min(low_x, cell.x);
      high_x = std::max(high_x, cell.x);
      low_y = std::min(low_y, cell.y);
      high_y = std::max(high_y, cell.y);
    }
    return 0.05 * (high_x - low_x) + 0.2 * (high_y - low_y);
  }

  const Part& part_;
  std::vector<Cell> cells_, best_;
  std::vector<bool> placed_;
  std::vector<int> order_;
  std::map<Cell, int> taken_;
  double best_cost_ = INFINITY;
  int trials_ = 0;
};

}  // namespace

std::vector<Point> place_on_grid(const Part& part) { return GridSearch(part).run(); }

}  // namespace ranklens::tn::diagram
