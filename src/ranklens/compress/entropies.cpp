#include "ranklens/compress/entropies.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <c10/util/accumulate.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/memory.h"
#include "ranklens/compress/places.h"
#include "ranklens/compress/train_modes.h"
#include "ranklens/nn/weight_spec.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::compress {
namespace {

using nn::Shape;
using nn::Weight;
using nn::WeightSpec;

/// The modes of a train, each as text: "3x3" of a window, "8x16" of outputs and inputs.
struct TrainModesText {
  std::vector<std::string> names{};
  Shape sizes{};

  std::string cut(std::size_t bond) const {
    const auto middle = names.begin() + static_cast<std::ptrdiff_t>(bond) + 1;
    return fmt::format("{} | {}", fmt::join(names.begin(), middle, " "),
                       fmt::join(middle, names.end(), " "));
  }

  std::int64_t most(std::size_t bond) const {
    double left = 1, right = 1;
    for (std::size_t k = 0; k < sizes.size(); ++k)
      (k <= bond ? left : right) *= static_cast<double>(sizes[k]);
    return static_cast<std::int64_t>(std::min(left, right));
  }
};

/// `window`: height and width where the first core is a window, else empty.
TrainModesText text_of_modes(const Shape& out, const Shape& in, const Shape& window) {
  TrainModesText text;
  const auto add = [&](std::int64_t a, std::int64_t b) {
    text.names.push_back(fmt::format("{}x{}", a, b));
    text.sizes.push_back(a * b);
  };
  if (!window.empty()) add(window[0], window[1]);
  for (std::size_t k = 0; k < out.size(); ++k) add(out[k], in[k]);
  return text;
}

/// Without the Schmidt values that are rounding errors, so that their number is the rank.
CutEntropy cut_of(std::string series, std::string name, std::int64_t most,
                  tn::BondEntropy entropy) {
  constexpr double least = 1e-10;
  const auto rank = entropy.schmidt.gt(least * entropy.schmidt[0]).sum().item<std::int64_t>();
  entropy.schmidt = entropy.schmidt.narrow(0, 0, rank);
  return {std::move(series), std::move(name), most, std::move(entropy)};
}

void append(std::vector<CutEntropy>& cuts, const char* series, const TrainModesText& text,
            std::vector<tn::BondEntropy> bonds) {
  for (std::size_t k = 0; k < bonds.size(); ++k)
    cuts.push_back(cut_of(fmt::format("{} {}", series, k + 1), text.cut(k), text.most(k),
                          std::move(bonds[k])));
}

/// A weight in cores as a train, and its modes: [h, w, r] first where there is a window, then
/// [r, out, in, r'].
struct OwnTrain {
  tn::TensorTrain train{};
  Shape out{}, in{}, window{};

  explicit OwnTrain(const Weight& weight) {
    for (const auto& [name, core] : weight->factors()) {
      const bool first = core.dim() == 3;
      if (first) {
        window = {core.size(0), core.size(1)};
      } else {
        out.push_back(core.size(1));
        in.push_back(core.size(2));
      }
      train.cores.push_back(core.detach()
                                .to(tn::widened(core.scalar_type()))
                                .reshape({first ? 1 : core.size(0), -1, core.size(-1)}));
    }
  }
};

/// The bonds of the train of balanced modes, where the cores have not given them.
void append_bonds(std::vector<CutEntropy>& cuts, const at::Tensor& dense, const WeightSpec& modes,
                  double alpha) {
  const auto shape = dense.sizes().vec();
  const bool window = nn::has_window_core(modes, shape);
  const auto text =
      text_of_modes(modes.out, modes.in, window ? Shape{shape[2], shape[3]} : Shape());
  append(cuts, "bond", text, tn::bond_entropies(in_train_modes(dense, modes), alpha));
}

/// Outputs against everything else, and inputs where a window is among that.
void append_sides(std::vector<CutEntropy>& cuts, const at::Tensor& dense, double alpha) {
  const bool window = dense.dim() > 2 && dense.size(0) * dense.size(1) < dense.numel();
  for (const std::int64_t mode : {0, 1}) {
    if (mode == 1 && !window) return;
    const auto matrix = dense.movedim(mode, 0).flatten(1);
    const char* name = mode == 0 ? "outputs | inputs" : "inputs | rest";
    cuts.push_back(cut_of(name, name, std::min(matrix.size(0), matrix.size(1)),
                          tn::matrix_entropy(matrix, alpha)));
  }
}

/// Multiplied out in double precision: products rounded to float32 have all ranks.
at::Tensor wide_dense(const Weight& weight) {
  return nn::map_factors(weight, [](const auto& factor) { return factor.detach().to(at::kDouble); })
      ->dense();
}

/// In double precision, with a copy in another order and the factors of its decomposition.
bool can_be_multiplied_out(const Shape& shape) {
  const auto there_is = base::memory_there_is();
  const auto numbers = static_cast<double>(c10::multiply_integers(shape));
  return !there_is || 4 * sizeof(double) * numbers < static_cast<double>(*there_is);
}

/// Nothing for a weight of zeros.
void append_cuts(const Weight& weight, WeightEntropies& result, double alpha) {
  const auto modes = nn::with_modes({.format = WeightSpec::Format::tt}, result.shape);
  bool own = false;
  if (const auto kind = weight->kind(); kind == "tt" || kind == "tt_conv") {
    const OwnTrain train(weight);
    if (tn::norm(train.train) == 0) return;
    own = train.out == modes.out && train.in == modes.in;
    append(result.cuts, own ? "bond" : "own bond", text_of_modes(train.out, train.in, train.window),
           tn::bond_entropies(train.train, alpha));
  }
  if (!result.cuts.empty() && !can_be_multiplied_out(result.shape)) return;
  const auto dense = wide_dense(weight);
  if (tn::frobenius(dense) == 0) return;
  if (!own) {
    result.reshaped =
        fmt::format("out={}, in={}", fmt::join(modes.out, "x"), fmt::join(modes.in, "x"));
    append_bonds(result.cuts, dense, modes, alpha);
  }
  append_sides(result.cuts, dense, alpha);
}

}  // namespace

double CutEntropy::share() const {
  return most > 1 ? entropy.von_neumann / std::log(static_cast<double>(most)) : 0;
}

WeightEntropies entropies_of(const std::string& layer, const Weight& weight, double alpha) {
  WeightEntropies result{
      .layer = layer, .shape = weight->shape(), .spec = weight->spec(), .reshaped = {}, .cuts = {}};
  try {
    append_cuts(weight, result, alpha);
  } catch (const base::Error& error) {
    base::fail("layer '{}': {}", layer, error.what());
  }
  return result;
}

std::vector<WeightEntropies> weight_entropies(const nn::Network& network, double alpha,
                                              const base::Progress& progress) {
  std::vector<WeightEntropies> all;
  const auto places = places_of(network);
  for (const auto& place : places) {
    base::report(progress, {.stage = "entropies",
                            .done = static_cast<double>(all.size()),
                            .total = static_cast<double>(places.size()),
                            .unit = "layers"});
    all.push_back(entropies_of(place.layer, network.state.at(place.entry).weight, alpha));
  }
  return all;
}

}  // namespace ranklens::compress
