#include "ranklens/study/compare.h"

#include <algorithm>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/softmax.h>

#include "ranklens/base/error.h"
#include "ranklens/data/pixels.h"
#include "ranklens/explain/methods.h"
#include "ranklens/metrics/registry.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/train/evaluate.h"
#include "ranklens/train/throughput.h"

namespace ranklens::study {
namespace {

std::vector<double> numbers(const at::Tensor& values) {
  const auto flat = values.to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

ComparedNetwork described(const nn::Network& network, const at::Tensor& logits,
                          const at::Tensor& labels) {
  ComparedNetwork found;
  found.accuracy = logits.argmax(1).eq(labels).to(at::kDouble).mean().item<double>();
  found.loss = at::cross_entropy_loss(logits.to(at::kDouble), labels).item<double>();
  found.parameters = network.state.parameters();
  for (const auto& node : nn::costs(network)) found.flops += 2 * node.multiply_adds;
  return found;
}

at::Tensor maps_of(const nn::Network& network, const std::string& method, const at::Tensor& images,
                   const at::Tensor& targets, std::uint64_t seed) {
  const auto own = images.to(train::device_of(network.state));
  const auto maps =
      explain::attribute(method,
                         {.network = &network, .images = own, .targets = targets, .seed = seed})
          .maps.cpu();
  return maps.dim() == 4 ? maps.sum(1) : maps;
}

ComparedMaps compared(const std::string& method, const at::Tensor& first,
                      const at::Tensor& second) {
  ComparedMaps found{
      .method = method, .first = first, .second = second, .per_image = {}, .agreement = {}};
  const metrics::Subject subject{.maps = first, .others = second};
  for (const auto* metric : metrics::applicable(subject)) {
    if (!metric->needs.second_map) continue;
    auto values = numbers(metrics::measure(*metric, subject));
    found.agreement[std::string(metric->name)] = summarise(values);
    found.per_image[std::string(metric->name)] = std::move(values);
  }
  return found;
}

std::vector<std::int64_t> most_moved(const std::vector<ComparedMaps>& maps, std::int64_t count) {
  std::vector<double> likeness(static_cast<std::size_t>(count), 0);
  for (const auto& method : maps) {
    const auto& values = method.per_image.at("spearman");
    for (std::size_t k = 0; k < likeness.size(); ++k) likeness[k] += values[k];
  }
  std::vector<std::int64_t> order(likeness.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return likeness[static_cast<std::size_t>(a)] < likeness[static_cast<std::size_t>(b)];
  });
  return order;
}

void compare_answers(const at::Tensor& first, const at::Tensor& second, const at::Tensor& labels,
                     Comparison& found) {
  const auto one = first.argmax(1), two = second.argmax(1);
  const auto difference = two.eq(labels).to(at::kDouble) - one.eq(labels).to(at::kDouble);
  found.accuracy_difference = summarise(numbers(difference));
  found.lost = difference.lt(0).sum().item<std::int64_t>();
  found.gained = difference.gt(0).sum().item<std::int64_t>();
  found.same_answers = one.eq(two).to(at::kDouble).mean().item<double>();
}

}  // namespace

Comparison compare(const nn::Network& first, const nn::Network& second, const data::Dataset& data,
                   const CompareOptions& options) {
  base::require(!options.methods.empty(), "no method of explanation is named to compare by");
  for (const auto* network : {&first, &second}) {
    train::check_fits(*network, data);
    for (const auto& method : options.methods) explain::check_spec(method, *network);
  }
  const train::EvaluateOptions evaluation{
      .batch = options.batch, .execution = options.execution, .progress = options.progress};
  const auto one = train::predict(first, data, evaluation),
             two = train::predict(second, data, evaluation);
  Comparison found{.first = described(first, one, data.labels),
                   .second = described(second, two, data.labels)};
  compare_answers(one, two, data.labels, found);
  const auto speeds =
      train::throughput({first, second}, {.batch = std::min(options.batch, data.size()),
                                          .seconds = options.seconds,
                                          .execution = options.execution,
                                          .training = false});
  found.first.images_per_second = speeds[0].forward;
  found.second.images_per_second = speeds[1].forward;

  const auto count = std::min(options.explained, data.size());
  const auto images = data::in_unit_range(data.images.narrow(0, 0, count));
  found.targets = one.narrow(0, 0, count).argmax(1);
  found.first_probabilities = at::softmax(one.narrow(0, 0, count), 1);
  found.second_probabilities = at::softmax(two.narrow(0, 0, count), 1);
  for (const auto& method : options.methods) {
    base::report(options.progress, {.stage = "explaining",
                                    .done = static_cast<double>(found.maps.size()),
                                    .total = static_cast<double>(options.methods.size()),
                                    .unit = "methods",
                                    .note = method});
    found.maps.push_back(compared(method,
                                  maps_of(first, method, images, found.targets, options.seed),
                                  maps_of(second, method, images, found.targets, options.seed)));
  }
  found.moved = most_moved(found.maps, count);
  return found;
}

}  // namespace ranklens::study
