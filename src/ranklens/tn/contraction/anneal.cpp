#include <cmath>
#include <utility>
#include <vector>

#include "ranklens/tn/contraction/refine.h"

namespace ranklens::tn {
namespace {

double log2_sum(double a, double b) {
  const double high = a > b ? a : b, low = a > b ? b : a;
  const double apart = high - low;
  return apart > 30 ? high : high + std::log2(1 + std::exp2(-apart));
}

/// ((a, b), c) -> ((a, c), b), where that is accepted.
class Rotation {
 public:
  Rotation(Tree& tree, Minimize minimize, Random& random)
      : tree_(tree), minimize_(minimize), random_(random), row_(tree.words()) {}

  void operator()(std::int32_t inner, double temperature) {
    const auto outer = tree_.node(inner).parent;
    if (outer < 0) return;
    const auto& top = tree_.node(outer);
    const auto c = top.left == inner ? top.right : top.left;
    auto a = tree_.node(inner).left, b = tree_.node(inner).right;
    if (random_.next() & 1U) std::swap(a, b);
    const double before = log2_sum(tree_.weight(inner, minimize_), tree_.weight(outer, minimize_));
    const auto *x = tree_.bits(a), *y = tree_.bits(b), *z = tree_.bits(c),
               *kept = tree_.bits(outer);
    for (std::size_t k = 0; k < row_.size(); ++k) row_[k] = (x[k] | z[k]) & (y[k] | kept[k]);
    const auto& labels = tree_.labels();
    const double first = labels.joined(x, z), second = labels.joined(row_.data(), y),
                 size = labels.size(row_.data());
    const double after =
        log2_sum(step_weight(minimize_, first, size), step_weight(minimize_, second, top.size));
    const double growth = after - before;
    if (growth > 0 && random_.uniform() >= std::exp(-growth / temperature)) return;
    std::copy(row_.begin(), row_.end(), tree_.bits(inner));
    auto &in = tree_.node(inner), &out = tree_.node(outer);
    in.left = a;
    in.right = c;
    in.size = size;
    in.flops = first;
    out.left = inner;
    out.right = b;
    out.flops = second;
    tree_.node(c).parent = inner;
    tree_.node(b).parent = outer;
  }

 private:
  Tree& tree_;
  Minimize minimize_;
  Random& random_;
  std::vector<std::uint64_t> row_;
};

}  // namespace

void anneal(Tree& tree, Minimize minimize, const Annealing& annealing, Random& random,
            const Deadline& deadline) {
  if (tree.leaves() < 3) return;
  Rotation rotate(tree, minimize, random);
  const auto first = static_cast<std::int32_t>(tree.leaves());
  const auto last = static_cast<std::int32_t>(2 * tree.leaves() - 1);
  const double ratio = annealing.coldest / annealing.hottest;
  const Deadline own = annealing.seconds > 0 ? Deadline(annealing.seconds) : Deadline();
  double done = 0;
  for (int sweep = 0; done < 1; ++sweep) {
    const double temperature = annealing.hottest * std::pow(ratio, done);
    for (auto node = first; node < last; ++node) rotate(node, temperature);
    if (annealing.seconds <= 0) {
      done = static_cast<double>(sweep + 1) / annealing.sweeps;
    } else if (sweep % 4 == 0) {
      done = 1 - own.left() / annealing.seconds;
    }
    if (sweep % 16 == 0 && deadline.passed()) return;
  }
}

}  // namespace ranklens::tn
