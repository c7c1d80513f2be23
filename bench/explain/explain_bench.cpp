#include <ctime>

#include <ATen/core/grad_mode.h>
#include <benchmark/benchmark.h>

#include "ranklens/explain/grad_cam.h"
#include "ranklens/explain/saliency.h"
#include "ranklens/explain/scores.h"
#include "ranklens/explain/smooth_grad.h"
#include "ranklens/nn/cut.h"
#include "ranklens/nn/zoo/zoo.h"

namespace {

using namespace ranklens;
constexpr std::int64_t kBatch = 64;

struct Work {
  explicit Work(const std::string& name) : network(nn::zoo::make(name)) {
    auto sizes = network.graph.inputs()[0].sample;
    sizes.insert(sizes.begin(), kBatch);
    images = base::Stream(1, "noise").uniform(sizes, 0, 1);
    targets = base::Stream(2, "noise").integers({kBatch}, 10);
  }
  void forward() const {
    const c10::NoGradGuard no_gradients;
    benchmark::DoNotOptimize(network(images).const_data_ptr<float>());
  }
  nn::Network network;
  at::Tensor images, targets;
};

// Seconds of all threads together: with one thread a ratio that other programs do not disturb.
template <class Call>
double processor_seconds(Call&& call) {
  const auto begin = std::clock();
  call();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

// Runs `mine` and `unit` in turn and reports the ratio of their processor times as `ratio`.
template <class Mine, class Unit>
void in_turn(benchmark::State& state, Mine&& mine, Unit&& unit) {
  unit();
  mine();
  double spent = 0;
  double units = 0;
  for (auto _ : state) {
    const double took = processor_seconds(mine);
    state.SetIterationTime(took);
    spent += took;
    units += processor_seconds(unit);
  }
  state.counters["ratio"] = spent / units;
}

// Grad-CAM of a batch over one forward pass of it.
void gradcam(benchmark::State& state, const std::string& name) {
  const Work work(name);
  in_turn(
      state,
      [&] { explain::attribute(work.network, work.images, work.targets, explain::GradCam{}); },
      [&] { work.forward(); });
}
BENCHMARK_CAPTURE(gradcam, dense, std::string("cnn-dense"))->UseManualTime();
BENCHMARK_CAPTURE(gradcam, tt_matched, std::string("cnn-tt-matched"))->UseManualTime();
BENCHMARK_CAPTURE(gradcam, tt, std::string("cnn-tt"))->UseManualTime();

// The same over a forward pass and the gradient of the part above the layer, cut by hand.
void gradcam_cut(benchmark::State& state, const std::string& name) {
  const Work work(name);
  const auto cut = nn::cut_after(work.network.graph, "relu6");
  const nn::Network frozen{work.network.graph, work.network.state.frozen()};
  const auto head = nn::head(frozen, cut);
  const auto tail = nn::tail(frozen, cut);
  in_turn(
      state,
      [&] { explain::attribute(work.network, work.images, work.targets, explain::GradCam{}); },
      [&] {
        at::Tensor features;
        {
          const c10::NoGradGuard no_gradients;
          features = head(work.images);
        }
        features.set_requires_grad(true);
        const at::Tensor scores = explain::target_scores(tail(features), work.targets);
        benchmark::DoNotOptimize(explain::gradient(scores, features));
      });
}
BENCHMARK_CAPTURE(gradcam_cut, tt, std::string("cnn-tt"))->UseManualTime();

// SmoothGrad with 20 samples over 20 forward and backward passes of the batch (saliency is one).
void smoothgrad(benchmark::State& state, const std::string& name) {
  const Work work(name);
  in_turn(
      state,
      [&] {
        explain::attribute(work.network, work.images, work.targets,
                           explain::SmoothGrad{.samples = 20});
      },
      [&] {
        for (int pass = 0; pass < 20; ++pass) {
          explain::attribute(work.network, work.images, work.targets, explain::Saliency{});
        }
      });
}
BENCHMARK_CAPTURE(smoothgrad, dense, std::string("cnn-dense"))->UseManualTime()->Iterations(1);

}  // namespace
