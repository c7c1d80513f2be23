#include "study_training.h"

#include <string>
#include <utility>

namespace ranklens::sample {

using namespace report;

namespace {

/// Whole numbers whose mean over the seeds is none.
Chart ranks() {
  Chart chart{.id = "ranks", .title = "Ranks, summed", .x_title = "epoch", .y_title = "rank"};
  for (int s = 0; s < 3; ++s) {
    ChartLine line{.arm = "low-rank", .seed = kSeeds[s]};
    for (int e = 1; e <= 12; ++e) {
      line.x.push_back(e);
      line.y.push_back(s == 0 ? 45 : 46);
    }
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

/// Places that have names, each somewhere else for every seed.
Chart trade() {
  Chart chart{.id = "trade-weights",
              .title = "Accuracy over the weights saved",
              .x_title = "weights saved (%)",
              .y_title = "held-out accuracy (%)"};
  for (int s = 0; s < 3; ++s) {
    ChartLine line{.arm = "low-rank", .seed = kSeeds[s]};
    for (int k = 0; k < 5; ++k) {
      line.x.push_back(80 + 3 * k + 0.3 * s);
      line.y.push_back(84 - 0.4 * k * k + 0.1 * s);
      line.places.push_back("tau-" + std::to_string(k));
    }
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

}  // namespace

std::vector<Arm> arms() {
  const auto arm = [](std::string id, std::string label, std::string weights,
                      std::int64_t parameters, int at) {
    return Arm{.id = std::move(id),
               .label = std::move(label),
               .description = std::move(weights),
               .reference = at == 0,
               .accuracy = around(0.843 - 0.004 * at + 0.002 * wave(at), 0.006 + 0.001 * at),
               .parameters = {.mean = static_cast<double>(parameters)},
               .compression = 1 - static_cast<double>(parameters) / 551146,
               .forward_speed = around(4120.0 - 260 * at, 90),
               .training_speed = around(1260.0 - 105 * at, 31)};
  };
  return {arm("dense", "dense", "dense", 551146, 0),
          arm("tt-matched", "tt-matched", "tt(out=8x4x4,in=16x16x8,r=16)", 308156, 1),
          arm("low-rank", "low-rank", "low_rank(r=9)", 308212, 2),
          arm("tt", "tt (the paper's two layers)",
              "tt(out=24x24x24,in=16x16x8,r=16), tt(out=8x8x8,in=24x24x24,r=16)", 498282, 3),
          arm("tucker", "tucker-2 convolutions", "tucker(r=32x32)", 201440, 4)};
}

std::vector<Curve> curves() {
  std::vector<Curve> result;
  int at = 0;
  for (const Arm& arm : arms()) {
    for (int s = 0; s < 3; ++s) {
      Curve curve{.arm = arm.id, .seed = kSeeds[s]};
      for (int e = 1; e <= 20; ++e) {
        const double shape = std::exp(-e / (5.0 + 0.6 * at)), luck = 0.02 * wave(at, s, e);
        curve.epoch.push_back(e);
        curve.seconds.push_back(e * (9.1 + 1.6 * at + 0.2 * s));
        curve.train_loss.push_back(0.25 + 1.9 * shape + 0.4 * luck);
        curve.validation_loss.push_back(0.5 + 1.6 * shape + 0.004 * e + 2.2 * luck);
        curve.train_accuracy.push_back(0.92 - 0.62 * shape + 0.2 * luck);
        curve.validation_accuracy.push_back(0.845 - 0.55 * shape - 0.004 * at + 0.5 * luck);
      }
      result.push_back(std::move(curve));
    }
    ++at;
  }
  return result;
}

std::vector<Chart> charts() {
  std::vector<Chart> result;
  for (const std::string cut : {"bond 1", "bond 2", "core 2"}) {
    Chart chart{.id = "entropy-" + cut.substr(0, 4) + cut.substr(5),
                .title = "Entropy of " + cut + " of the head",
                .x_title = "epoch",
                .y_title = "entropy (nats)"};
    int at = 0;
    for (const Arm& arm : arms()) {
      for (int s = 0; s < 3; ++s) {
        ChartLine line{.arm = arm.id, .seed = kSeeds[s]};
        for (int e = 1; e <= 20; ++e) {
          line.x.push_back(e);
          line.y.push_back(4.2 - 0.3 * at - 1.1 * (1 - std::exp(-e / 6.0)) + 0.05 * wave(at, s, e));
        }
        chart.lines.push_back(std::move(line));
      }
      ++at;
    }
    result.push_back(std::move(chart));
  }
  result.push_back(ranks());
  result.push_back(trade());
  return result;
}

}  // namespace ranklens::sample
