#include "ranklens/tn/contraction/layout.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace ranklens::tn {
namespace {

// Both log2: a batch of so many products or more is computed element by element where each has
// fewer multiply-adds than the second.
constexpr double kManyProducts = 8, kSmallProduct = 6;

bool has_label(const Labels& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

Parts parts_of(const Step& step) {
  Parts parts;
  for (const auto label : step.left_labels) {
    const bool shared = has_label(step.right_labels, label), kept = has_label(step.labels, label);
    (!shared ? parts.left : kept ? parts.batch : parts.summed).push_back(label);
  }
  for (const auto label : step.right_labels) {
    if (!has_label(step.left_labels, label)) parts.right.push_back(label);
  }
  return parts;
}

/// Matrix products pay unless they are many tiny ones.
MergeKind kind_of(const Expression& expression, const Parts& parts) {
  if (parts.summed.empty()) return MergeKind::multiply;
  if (log2_elements(expression, parts.batch) < kManyProducts) return MergeKind::product;
  const double each = log2_elements(expression, parts.left) +
                      log2_elements(expression, parts.right) +
                      log2_elements(expression, parts.summed);
  return each < kSmallProduct ? MergeKind::multiply : MergeKind::product;
}

/// `labels` in the order in which they occur in `by`.
Labels sorted_like(Labels labels, const Labels& by) {
  const auto place = [&](Label label) {
    return std::find(by.begin(), by.end(), label) - by.begin();
  };
  std::sort(labels.begin(), labels.end(), [&](Label a, Label b) { return place(a) < place(b); });
  return labels;
}

Labels intersected(const Labels& in_this_order, const Labels& other) {
  Labels both;
  for (const auto label : in_this_order) {
    if (has_label(other, label)) both.push_back(label);
  }
  return both;
}

void append_labels(Labels& to, const Labels& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// Whether `group` occurs in `order` as a run, in its own order.
bool is_run(const Labels& order, const Labels& group) {
  return group.empty() ||
         std::search(order.begin(), order.end(), group.begin(), group.end()) != order.end();
}

/// What a step wants of a tensor that it takes: runs of modes. Of a product the first is the batch,
/// which must not come last (the stride of a matrix' row or column must be 1).
struct Wish {
  std::vector<Labels> runs;
  bool product = false;
};

int fulfilled(const Labels& order, const Wish& wish) {
  int score = 0;
  for (const auto& run : wish.runs) score += is_run(order, run) ? 2 : 0;
  const bool batch_last =
      wish.product && !order.empty() && has_label(wish.runs.front(), order.back());
  return score - (batch_last ? 1 : 0);
}

constexpr std::array<std::array<int, 3>, 6> kPermutations = {
    {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};

Labels arranged(const Labels& part, const Wish& wish, const std::array<int, 3>& permutation) {
  Labels order;
  for (const auto run : permutation) {
    if (static_cast<std::size_t>(run) < wish.runs.size()) {
      append_labels(order, intersected(wish.runs[static_cast<std::size_t>(run)], part));
    }
  }
  return order;
}

int most_fulfilled(const Wish& wish) { return 2 * static_cast<int>(wish.runs.size()); }

/// The orders of the runs that there are in a part: one, where it has labels of one run only.
std::vector<Labels> arrangements(const Labels& part, const Wish& wish) {
  std::vector<Labels> orders;
  for (const auto& permutation : kPermutations) {
    auto order = arranged(part, wish, permutation);
    if (std::find(orders.begin(), orders.end(), order) == orders.end()) {
      orders.push_back(std::move(order));
    }
  }
  return orders;
}

/// The order of `parts`, one after the other, that fulfils most of the wish.
std::pair<Labels, int> best_order(const std::vector<Labels>& parts, const Wish& wish) {
  std::vector<std::vector<Labels>> orders;
  for (const auto& part : parts) orders.push_back(arrangements(part, wish));
  std::pair<Labels, int> best{{}, -1000};
  std::vector<std::size_t> choice(parts.size(), 0);
  for (Labels order;; order.clear()) {
    for (std::size_t k = 0; k < parts.size(); ++k) append_labels(order, orders[k][choice[k]]);
    const int score = fulfilled(order, wish);
    if (score > best.second) best = {order, score};
    if (score == most_fulfilled(wish)) return best;
    std::size_t k = 0;
    while (k < parts.size() && ++choice[k] == orders[k].size()) choice[k++] = 0;
    if (k == parts.size()) return best;
  }
}

/// Fixes the order of a result by what the step that takes it wishes.
void order_result(Merge& merge, const Wish& wish) {
  auto& parts = merge.parts;
  if (merge.kind == MergeKind::multiply) {
    merge.order = best_order({merge.step.labels}, wish).first;
  } else {
    auto plain = best_order({parts.batch, parts.left, parts.right}, wish);
    auto swapped = plain.second == most_fulfilled(wish)
                       ? plain
                       : best_order({parts.batch, parts.right, parts.left}, wish);
    merge.swapped = swapped.second > plain.second;
    merge.order = std::move(merge.swapped ? swapped.first : plain.first);
  }
  for (auto* part : {&parts.batch, &parts.left, &parts.right}) {
    *part = sorted_like(std::move(*part), merge.order);
  }
}

/// Goes through the steps from the last to the first, passing wishes down.
class Layout {
 public:
  Layout(const Expression& expression, const std::vector<Labels>& orders, const Path& path)
      : expression_(expression), orders_(orders) {
    Expression plain = expression;
    plain.inputs = orders;
    for (auto& step : replay(plain, path)) {
      auto parts = parts_of(step);
      const auto kind = kind_of(expression, parts);
      merges_.push_back(
          {.step = std::move(step), .kind = kind, .parts = std::move(parts), .order = {}});
    }
  }

  std::vector<Merge> run() {
    if (merges_.empty()) return {};
    wish_result(merges_.back(), {.runs = {expression_.output}});
    for (auto merge = merges_.rbegin(); merge != merges_.rend(); ++merge) wish_operands(*merge);
    return std::move(merges_);
  }

 private:
  static void wish_result(Merge& merge, const Wish& wish) { order_result(merge, wish); }

  /// Tells the step that makes the tensor, if any does; the order that it then has.
  const Labels& tell(std::int32_t tensor, const Wish& wish) {
    const auto number = static_cast<std::size_t>(tensor);
    if (number < orders_.size()) return orders_[number];
    auto& maker = merges_[number - orders_.size()];
    wish_result(maker, wish);
    return maker.order;
  }

  /// Groups the labels that are summed over by the parts of the steps that make the tensors.
  Labels grouped(Labels summed, std::int32_t tensor) const {
    const auto number = static_cast<std::size_t>(tensor);
    if (number < orders_.size()) return sorted_like(std::move(summed), orders_[number]);
    const auto& parts = merges_[number - orders_.size()].parts;
    Labels order = intersected(parts.batch, summed);
    append_labels(order, intersected(parts.left, summed));
    append_labels(order, intersected(parts.right, summed));
    return order;
  }

  void wish_operands(Merge& merge) {
    auto& parts = merge.parts;
    const auto& step = merge.step;
    const bool left_leads = log2_elements(expression_, step.left_labels) >=
                            log2_elements(expression_, step.right_labels);
    const auto leader = left_leads ? step.left : step.right,
               follower = left_leads ? step.right : step.left;
    parts.summed = grouped(grouped(parts.summed, follower), leader);
    const auto wish_for = [&](bool left) {
      const auto& own = left ? parts.left : parts.right;
      if (merge.kind == MergeKind::product) {
        return Wish{.runs = {parts.batch, own, parts.summed}, .product = true};
      }
      Labels all = parts.summed;
      append_labels(all, intersected(merge.order, left ? step.left_labels : step.right_labels));
      return Wish{.runs = {all}};
    };
    parts.summed = sorted_like(parts.summed, tell(leader, wish_for(left_leads)));
    tell(follower, wish_for(!left_leads));
  }

  const Expression& expression_;
  const std::vector<Labels>& orders_;
  std::vector<Merge> merges_;
};

}  // namespace

std::vector<Merge> lay_out(const Expression& expression, const std::vector<Labels>& orders,
                           const Path& path) {
  return Layout(expression, orders, path).run();
}

}  // namespace ranklens::tn
