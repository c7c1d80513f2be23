#include "ranklens/compress/entropies.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/compress/places.h"
#include "ranklens/nn/weight_spec.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::compress {
namespace {

using nn::Shape;
using nn::Weight;
using nn::WeightSpec;

constexpr const char* kMatrixCut = "outputs | inputs";

CutEntropy cut_of(std::string name, std::int64_t most, tn::BondEntropy entropy) {
  return {std::move(name), most, std::move(entropy)};
}

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

std::vector<CutEntropy> named(const TrainModesText& text, std::vector<tn::BondEntropy> bonds,
                              const Shape& ranks) {
  std::vector<CutEntropy> cuts;
  for (std::size_t k = 0; k < bonds.size(); ++k) {
    const auto most = ranks.empty() ? text.most(k) : std::min(text.most(k), ranks[k]);
    cuts.push_back(cut_of(text.cut(k), most, std::move(bonds[k])));
  }
  return cuts;
}

/// Of a train from its cores: [h, w, r] first where there is a window, then [r, out, in, r'].
std::vector<CutEntropy> of_cores(const std::vector<nn::Factor>& factors, double alpha) {
  tn::TensorTrain train;
  Shape out, in, window;
  for (const auto& [name, core] : factors) {
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
  if (tn::norm(train) == 0) return {};
  return named(text_of_modes(out, in, window), tn::bond_entropies(train, alpha), tn::ranks(train));
}

std::vector<CutEntropy> of_low_rank(const nn::FixedRank& weight, double alpha) {
  const auto u = weight.u().detach().to(at::kDouble), v = weight.v().detach().to(at::kDouble);
  const auto left = weight.s().defined() ? at::matmul(u, weight.s().detach().to(at::kDouble)) : u;
  const tn::TensorTrain train{{left.unsqueeze(0), v.t().contiguous().unsqueeze(-1)}};
  if (tn::norm(train) == 0) return {};
  const auto most = std::min({u.size(0), v.size(0), weight.rank()});
  return {cut_of(kMatrixCut, most, tn::bond_entropies(train, alpha).front())};
}

/// Outputs, and inputs, against all other indices.
std::vector<CutEntropy> of_channels(const at::Tensor& dense, const Shape& ranks, double alpha) {
  std::vector<CutEntropy> cuts;
  for (const std::int64_t mode : {0, 1}) {
    const auto matrix = dense.movedim(mode, 0).flatten(1);
    const auto rank = ranks[std::min(ranks.size() - 1, static_cast<std::size_t>(mode))];
    const auto most = std::min({matrix.size(0), matrix.size(1), rank});
    const char* name = dense.dim() == 2 ? kMatrixCut
                       : mode == 0      ? "outputs | rest"
                                        : "inputs | rest";
    cuts.push_back(cut_of(name, most, tn::matrix_entropy(matrix, alpha)));
    if (dense.dim() == 2) break;
  }
  return cuts;
}

/// A kernel with its modes as the train's: the window if it is one, then pairs.
at::Tensor train_order(const at::Tensor& dense, const WeightSpec& modes, bool window) {
  const auto d = static_cast<std::int64_t>(modes.out.size());
  Shape sizes = modes.out, order, fused;
  sizes.insert(sizes.end(), modes.in.begin(), modes.in.end());
  if (window) {
    sizes.push_back(dense.size(2) * dense.size(3));
    order.push_back(2 * d);
    fused.push_back(sizes.back());
  }
  for (std::int64_t k = 0; k < d; ++k) {
    const auto at = static_cast<std::size_t>(k);
    order.insert(order.end(), {k, d + k});
    fused.push_back(modes.out[at] * modes.in[at]);
  }
  return dense.reshape(sizes).permute(order).reshape(fused);
}

std::vector<CutEntropy> of_dense(const at::Tensor& dense, const WeightSpec& modes, double alpha) {
  const auto shape = dense.sizes().vec();
  const bool has_window = nn::has_window_core(modes, shape);
  const auto text =
      text_of_modes(modes.out, modes.in, has_window ? Shape{shape[2], shape[3]} : Shape());
  auto cuts = named(text, tn::bond_entropies(train_order(dense, modes, has_window), alpha), {});
  const auto matrix = dense.reshape({shape[0], -1});
  cuts.push_back(cut_of(kMatrixCut, std::min(matrix.size(0), matrix.size(1)),
                        tn::matrix_entropy(matrix, alpha)));
  return cuts;
}

/// Nothing for a weight of zeros.
std::vector<CutEntropy> cuts_of(const Weight& weight, WeightEntropies& result, double alpha) {
  const auto kind = weight->kind();
  if (kind == "tt" || kind == "tt_conv") return of_cores(weight->factors(), alpha);
  if (const auto* low = dynamic_cast<const nn::FixedRank*>(&*weight))
    return of_low_rank(*low, alpha);
  const auto dense = weight->dense().detach().to(at::kDouble);
  if (tn::frobenius(dense) == 0) return {};
  if (weight.is_dense()) {
    const auto modes = nn::with_modes({.format = WeightSpec::Format::tt}, result.shape);
    result.reshaped =
        fmt::format("out={}, in={}", fmt::join(modes.out, "x"), fmt::join(modes.in, "x"));
    return of_dense(dense, modes, alpha);
  }
  const auto factors = weight->factors();
  const auto columns = [&](std::size_t k) { return factors[k].tensor.size(1); };
  // Tucker's are U, core and V.
  return of_channels(dense, kind == "tucker" ? Shape{columns(0), columns(2)} : Shape{columns(0)},
                     alpha);
}

}  // namespace

double CutEntropy::share() const {
  return most > 1 ? entropy.von_neumann / std::log(static_cast<double>(most)) : 0;
}

WeightEntropies entropies_of(const std::string& layer, const Weight& weight, double alpha) {
  WeightEntropies result{
      .layer = layer, .shape = weight->shape(), .spec = weight->spec(), .reshaped = {}, .cuts = {}};
  try {
    result.cuts = cuts_of(weight, result, alpha);
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
