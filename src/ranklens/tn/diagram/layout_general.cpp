#include <algorithm>
#include <cmath>
#include <queue>

#include "ranklens/tn/diagram/layout.h"

namespace ranklens::tn::diagram {
namespace {

std::vector<int> distances_from(const Part& part, int start) {
  std::vector<int> distance(part.nodes.size(), -1);
  std::queue<int> queue;
  queue.push(start);
  distance[start] = 0;
  while (!queue.empty()) {
    const int n = queue.front();
    queue.pop();
    for (const int m : part.links[n]) {
      if (distance[m] >= 0) continue;
      distance[m] = distance[n] + 1;
      queue.push(m);
    }
  }
  return distance;
}

/// The node whose farthest node is nearest; the first of several.
int middle_of(const Part& part) {
  int best = 0, best_depth = INT32_MAX;
  for (int n = 0; n < static_cast<int>(part.nodes.size()); ++n) {
    const auto distance = distances_from(part, n);
    const int depth = *std::max_element(distance.begin(), distance.end());
    if (depth < best_depth) {
      best = n;
      best_depth = depth;
    }
  }
  return best;
}

/// Leaves at 0, 1, 2, ...; every other node above the middle of its children.
void hang(const Part& part, int node, int parent, double depth, double& next,
          std::vector<Point>& places) {
  double low = kInfinity, high = -kInfinity;
  for (const int child : part.links[node]) {
    if (child == parent) continue;
    hang(part, child, node, depth + 1, next, places);
    low = std::min(low, places[child].x);
    high = std::max(high, places[child].x);
  }
  places[node] = {low > high ? next++ : (low + high) / 2, depth};
}

/// Around the ring from its first node, in the direction of the writing.
std::vector<int> ring_order(const Part& part) {
  std::vector<int> order = {0};
  int before = -1, here = 0;
  while (order.size() < part.nodes.size()) {
    const auto& links = part.links[here];
    if (links.size() != 2) break;
    const int next =
        before < 0 ? std::min(links[0], links[1]) : (links[0] == before ? links[1] : links[0]);
    if (next == 0) break;
    order.push_back(next);
    before = here;
    here = next;
  }
  if (order.size() < part.nodes.size()) {
    order.clear();
    for (int n = 0; n < static_cast<int>(part.nodes.size()); ++n) order.push_back(n);
  }
  return order;
}

constexpr int kSweeps = 300;

/// One sweep over all free nodes: each goes where its neighbours at graph distance d, seen from it,
/// would like it, with weights 1 / d^2. Returns the largest step.
double sweep(const Part& part, const std::vector<std::vector<int>>& distance,
             std::vector<Point>& places) {
  double largest = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (part.fixed[i]) continue;
    Point sum;
    double weights = 0;
    for (std::size_t j = 0; j < places.size(); ++j) {
      if (i == j) continue;
      const double d = distance[i][j], w = 1 / (d * d);
      const Point apart = places[i] - places[j];
      const double length = std::max(1e-9, std::hypot(apart.x, apart.y));
      sum = sum + w * (places[j] + (d / length) * apart);
      weights += w;
    }
    const Point to = (1 / weights) * sum;
    largest = std::max(largest, std::hypot(to.x - places[i].x, to.y - places[i].y));
    places[i] = to;
  }
  return largest;
}

/// Turns the picture so that its long side lies across, the first node to the left.
void turn_upright(std::vector<Point>& places) {
  Point mean;
  for (const Point& p : places) mean = mean + (1.0 / static_cast<double>(places.size())) * p;
  double xx = 0, xy = 0, yy = 0;
  for (Point& p : places) {
    p = p - mean;
    xx += p.x * p.x;
    xy += p.x * p.y;
    yy += p.y * p.y;
  }
  const double angle = 0.5 * std::atan2(2 * xy, xx - yy);
  const double c = std::cos(angle), s = std::sin(angle);
  for (Point& p : places) p = {c * p.x + s * p.y, c * p.y - s * p.x};
  if (places.front().x > places.back().x) {
    for (Point& p : places) p = {-p.x, -p.y};
  }
}

}  // namespace

std::vector<Point> place_as_tree(const Part& part) {
  std::vector<Point> places(part.nodes.size());
  double next = 0;
  hang(part, middle_of(part), -1, 0, next, places);
  return places;
}

std::vector<Point> place_on_ring(const Part& part) {
  const auto order = ring_order(part);
  const double count = static_cast<double>(order.size()), step = 2 * M_PI / count;
  const double radius = count < 2 ? 0 : 0.5 / std::sin(M_PI / count);
  std::vector<Point> places(part.nodes.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    // The first two nodes stand side by side at the top.
    const double angle = -M_PI / 2 - step / 2 + step * static_cast<double>(k);
    places[order[k]] = {radius * std::cos(angle), radius * std::sin(angle)};
  }
  return places;
}

std::vector<Point> place_by_stress(const Part& part) {
  const bool hinted = std::any_of(part.fixed.begin(), part.fixed.end(),
                                  [](const auto& at) { return at.has_value(); });
  std::vector<Point> places = place_on_ring(part);
  std::vector<std::vector<int>> distance;
  for (std::size_t n = 0; n < places.size(); ++n) {
    distance.push_back(distances_from(part, static_cast<int>(n)));
    if (part.fixed[n]) places[n] = *part.fixed[n];
  }
  for (int k = 0; k < kSweeps && sweep(part, distance, places) > 1e-6; ++k) {
  }
  if (!hinted && places.size() > 1) turn_upright(places);
  // Tenths of a unit: what the last bits of a processor's sines are does not show.
  for (Point& p : places) p = {std::round(p.x * 100) / 100, std::round(p.y * 100) / 100};
  return places;
}

}  // namespace ranklens::tn::diagram
