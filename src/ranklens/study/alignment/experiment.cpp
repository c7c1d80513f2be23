#include "ranklens/study/alignment/experiment.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/study/alignment/factor_layers.h"
#include "ranklens/study/alignment/linear_network.h"

namespace ranklens::study::alignment {
namespace {

using nlohmann::json;

/// Of which singular vectors the directions are compared.
struct Looked {
  std::int64_t most = 0;     ///< of "alignment" and "invariance" so many leading ones; 0: all
  std::int64_t leading = 0;  ///< above 0: also over so many, in lists of their own
};

/// Lists over time of what is looked at.
class Record {
 public:
  Record(Layers start, Task task, Looked looked)
      : start_(std::move(start)),
        first_(singular_vectors(start_)),
        task_(std::move(task)),
        looked_(looked) {}

  void look(std::int64_t step, const Layers& now) {
    const auto vectors = singular_vectors(now);
    lists_["steps"].push_back(step);
    lists_["alignment"].push_back(mean_alignment(vectors, looked_.most));
    lists_["invariance"].push_back(mean_invariance(first_, vectors, looked_.most));
    if (looked_.leading > 0) {
      lists_["leading alignment"].push_back(mean_alignment(vectors, looked_.leading));
      lists_["leading invariance"].push_back(mean_invariance(first_, vectors, looked_.leading));
    }
    lists_["loss"].push_back(loss_of(now, task_));
    lists_["drift"] = balance_drift(start_, now);
  }
  json lists() const { return lists_; }

 private:
  Layers start_;
  std::vector<Singular> first_;
  Task task_;
  Looked looked_;
  json lists_ = json::object();
};

/// How plain gradient descent is run and looked at.
struct Descent {
  std::int64_t steps, every;
  double rate;
  Looked looked = {};
  const Structure* structure = nullptr;  ///< of the layers: their coefficients descend
};

json descended(Layers layers, const Task& task, const Descent& how) {
  Record record(layers, task, how.looked);
  for (std::int64_t step = 0; step <= how.steps; ++step) {
    if (step % how.every == 0 || step == how.steps) record.look(step, layers);
    const auto gradients = gradients_of(layers, task);
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const auto& gradient = gradients[k];
      layers[k] =
          layers[k] -
          how.rate * (how.structure != nullptr ? how.structure->projected(gradient) : gradient);
    }
  }
  return record.lists();
}

/// Both compared over all vectors and over as many as layers of low rank have.
Descent square_descent(const Options& o) {
  return {o.steps, o.every, o.rate, {.leading = o.low_rank}};
}

using Draw = std::function<at::Tensor(base::Stream& stream, std::int64_t n)>;

at::Tensor orthogonal(base::Stream& stream, std::int64_t n) {
  return std::get<0>(at::linalg_qr(stream.normal({n, n}, 0, 1, at::kDouble)));
}

// Between such bases any n singular values are a train of two cores of rank sqrt(n): as a matrix
// over both halves of their number they are that sum of Kronecker products.
at::Tensor kronecker_orthogonal(base::Stream& stream, std::int64_t n) {
  const auto root = side_of(n);
  const auto outer = orthogonal(stream, root), inner = orthogonal(stream, root);
  return at::kron(outer, inner);
}

/// W_i = Q_i diag(s_i) Q_{i-1}^T with Q_0 and Q_d given: aligned; singular values around one half,
/// in falling order, so that layers that are cut down keep the same directions and stay aligned.
Layers aligned_start(base::Stream& stream, std::int64_t n, std::int64_t depth,
                     const at::Tensor& first, const at::Tensor& last,
                     const Draw& draw = orthogonal) {
  Layers layers;
  auto right = first;
  for (std::int64_t k = 0; k < depth; ++k) {
    const auto left = k + 1 == depth ? last : draw(stream, n);
    const auto values =
        std::get<0>(stream.uniform({n}, 0.3, 0.9, at::kDouble).sort(0, /*descending=*/true));
    layers.push_back(at::matmul(left * values, right.t()));
    right = left;
  }
  return layers;
}

struct Start {
  Task task;
  Layers layers;
};

/// Autoencoding: Y = X, the start along the eigenvectors of X X^T; or Y at random, a random start.
Start square_task(const Options& o, std::uint64_t seed, bool autoencoder) {
  base::Stream stream(seed, "study", autoencoder ? "autoencoder" : "regression");
  const auto x = stream.normal({o.width, o.columns}, 0, 1, at::kDouble);
  if (!autoencoder) {
    const auto y = stream.normal({o.width, o.columns}, 0, 1, at::kDouble);
    const auto first = orthogonal(stream, o.width), last = orthogonal(stream, o.width);
    return {{x, y}, aligned_start(stream, o.width, o.depth, first, last)};
  }
  const auto vectors = std::get<1>(at::linalg_eigh(at::matmul(x, x.t()), "L"));
  return {{x, x}, aligned_start(stream, o.width, o.depth, vectors, vectors)};
}

/// The regression from an aligned start that trains hold exactly.
Start kronecker_task(const Options& o, std::uint64_t seed) {
  base::Stream stream(seed, "study", "kronecker");
  const auto x = stream.normal({o.width, o.columns}, 0, 1, at::kDouble),
             y = stream.normal({o.width, o.columns}, 0, 1, at::kDouble);
  const auto first = kronecker_orthogonal(stream, o.width),
             last = kronecker_orthogonal(stream, o.width);
  return {{x, y}, aligned_start(stream, o.width, o.depth, first, last, kronecker_orthogonal)};
}

json square_cell(const Options& o, std::uint64_t seed, bool autoencoder) {
  const auto start = square_task(o, seed, autoencoder);
  auto descent = square_descent(o);
  // Where a network encodes itself the values of neighbouring layers end near one another, in an
  // order of their own, so that their leading vectors need not belong together.
  if (autoencoder) descent.looked.leading = 0;
  return descended(start.layers, start.task, descent);
}

/// The same in factors: the dense start, cut down; descent on the factors.
json factor_cell(const Options& o, const Start& start, FactorForm form) {
  const auto rank = form == FactorForm::low_rank ? o.low_rank : o.train_rank;
  FactorLayers factors(start.layers, form, rank);
  Record record(factors.dense(), start.task, square_descent(o).looked);
  for (std::int64_t step = 0; step <= o.steps; ++step) {
    if (step % o.every == 0 || step == o.steps) record.look(step, factors.dense());
    factors.descend(start.task, o.rate);
  }
  return record.lists();
}

/// [k, n] of two classes, y = +-1.
Task image_task(const Options& o, Task::Loss loss) {
  const auto few = [&](std::int64_t label) {
    const auto found = (o.images.labels == label).nonzero().flatten();
    return found.narrow(0, 0, std::min(o.each, found.size(0)));
  };
  const auto zeros = few(0), ones = few(1);
  const auto chosen = o.images.images.index_select(0, at::cat({zeros, ones})).to(at::kDouble);
  const double scale = o.images.images.scalar_type() == at::kByte ? 255 : 1;
  auto x = (chosen / scale).flatten(1);
  x = x / x.square().sum(1, /*keepdim=*/true).sqrt();
  auto y = at::cat({at::full({1, zeros.size(0)}, 1.0, at::kDouble),
                    at::full({1, ones.size(0)}, -1.0, at::kDouble)},
                   1);
  return {x.t().contiguous(), y, loss};
}

json image_cell(const Options& o, std::uint64_t seed, Task::Loss loss) {
  const auto task = image_task(o, loss);
  base::Stream stream(seed, "study", "images");
  const auto small = [&](std::int64_t rows, std::int64_t columns) {
    return stream.normal({rows, columns}, 0, 0.5 / std::sqrt(static_cast<double>(columns)),
                         at::kDouble);
  };
  Layers layers{small(o.hidden, task.x.size(0))};
  for (std::int64_t k = 2; k < o.depth; ++k) layers.push_back(small(o.hidden, o.hidden));
  layers.push_back(small(1, o.hidden));
  return descended(std::move(layers), task, {o.image_steps, o.every, o.image_rate, {.most = 1}});
}

/// Two layers of one structure that are to multiply to a given map of one or more examples.
/// `deviation`: of the coefficients at the start.
json structured_cell(std::uint64_t seed, const Task& task, double deviation, const Descent& how) {
  base::Stream stream(seed, "study", "structure");
  Layers layers;
  for (std::int64_t k = 0; k < 2; ++k) {
    layers.push_back(how.structure->matrix(
        stream.normal({how.structure->dimension()}, 0, deviation, at::kDouble)));
  }
  return descended(std::move(layers), task, how);
}

json toeplitz_cell(const Options& o, std::uint64_t seed) {
  base::Stream stream(seed, "study", "toeplitz");
  const std::int64_t n = 4;
  const auto structure = toeplitz(n);
  // A product of two of them, so that there is a solution.
  const auto a = structure.matrix(stream.normal({2 * n - 1}, 0, 1, at::kDouble)),
             b = structure.matrix(stream.normal({2 * n - 1}, 0, 1, at::kDouble));
  const auto x = at::eye(n, at::kDouble);
  return structured_cell(seed, {x, at::matmul(a, b)}, 0.5,
                         {o.steps, o.every, o.rate, {}, &structure});
}

json convolution_cell(const Options& o, std::uint64_t seed) {
  auto picture = o.images.images.narrow(0, static_cast<std::int64_t>(seed) % o.images.size(), 1)
                     .to(at::kDouble);
  picture = at::adaptive_avg_pool2d(picture, {o.side, o.side}).flatten().unsqueeze(1);
  picture = picture / picture.square().sum().sqrt();
  const auto structure = convolution(o.side, 3);
  // A coefficient is a weight of the kernel times about `side`, the norm of its matrix before that
  // is made one: weights begin with a deviation of 0.2 and descend at the rate.
  const auto side = static_cast<double>(o.side);
  // Singular value decompositions and assignments of side^2 rows at every look.
  const auto every = std::max<std::int64_t>(o.every, o.steps / 4);
  return structured_cell(seed, {picture, picture}, 0.2 * side,
                         {o.steps, every, o.rate * side * side, {}, &structure});
}

json settings_of(const Options& o) {
  return {{"seeds", o.seeds},
          {"width", o.width},
          {"depth", o.depth},
          {"columns", o.columns},
          {"steps", o.steps},
          {"rate", o.rate},
          {"every", o.every},
          {"images", o.images.hash},
          {"each", o.each},
          {"hidden", o.hidden},
          {"image steps", o.image_steps},
          {"image rate", o.image_rate},
          {"side", o.side},
          {"low rank", o.low_rank},
          {"train rank", o.train_rank}};
}

}  // namespace

bool is_reduced(const Options& options) {
  const Options full;
  return options.width < full.width || options.depth < full.depth ||
         options.columns < full.columns || options.steps < full.steps || options.each < full.each ||
         options.hidden < full.hidden || options.image_steps < full.image_steps ||
         options.side < full.side;
}

const std::vector<std::string>& tasks() {
  static const std::vector<std::string> names{
      "autoencoder", "regression",      "regression-low_rank", "regression-train",
      "kronecker",   "kronecker-train", "images-squared",      "images-logistic",
      "toeplitz",    "convolution"};
  return names;
}

Experiment experiment(const Options& options) {
  base::require(!options.seeds.empty() && options.depth >= 2 && options.images.size() > 0,
                "alignment needs seeds, two layers or more, and images");
  using Make = std::function<json(std::uint64_t)>;
  const std::map<std::string, Make> makes{
      {"autoencoder", [options](auto seed) { return square_cell(options, seed, true); }},
      {"regression", [options](auto seed) { return square_cell(options, seed, false); }},
      {"regression-low_rank",
       [options](auto seed) {
         return factor_cell(options, square_task(options, seed, false), FactorForm::low_rank);
       }},
      {"regression-train",
       [options](auto seed) {
         return factor_cell(options, square_task(options, seed, false), FactorForm::train);
       }},
      {"kronecker",
       [options](auto seed) {
         const auto start = kronecker_task(options, seed);
         return descended(start.layers, start.task, square_descent(options));
       }},
      {"kronecker-train",
       [options](auto seed) {
         return factor_cell(options, kronecker_task(options, seed), FactorForm::train);
       }},
      {"images-squared",
       [options](auto seed) { return image_cell(options, seed, Task::Loss::squared); }},
      {"images-logistic",
       [options](auto seed) { return image_cell(options, seed, Task::Loss::logistic); }},
      {"toeplitz", [options](auto seed) { return toeplitz_cell(options, seed); }},
      {"convolution", [options](auto seed) { return convolution_cell(options, seed); }}};
  Experiment made{.name = "alignment", .settings = settings_of(options)};
  std::map<std::string, std::function<json()>> cells;
  for (const auto& task : tasks()) {
    for (const auto seed : options.seeds) {
      made.cells.push_back(fmt::format("{}-s{}", task, seed));
      cells[made.cells.back()] = [make = makes.at(task), seed] { return make(seed); };
    }
  }
  made.make = [cells](const Experiment::Work& work) { return cells.at(work.cell)(); };
  return made;
}

}  // namespace ranklens::study::alignment
