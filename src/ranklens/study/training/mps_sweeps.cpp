#include "ranklens/study/training/mps_sweeps.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <optional>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/train/checkpoint.h"
#include "ranklens/train/metrics.h"

namespace ranklens::study::reproductions {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

optim::DmrgOptions dmrg_options(const MpsSweeps& how) {
  return {.bond = how.bond,
          .cutoff = 1e-10,
          .iterations = 4,
          .damping = how.damping,
          .label = how.label};
}

/// Channels that the start has beside the constant one carry random functions of the pixels.
std::int64_t start_bond(const MpsSweeps& how) { return std::min<std::int64_t>(how.bond, 10); }

/// Sweeps that are done: the cores, and a line of the history for each.
struct Course {
  std::int64_t done = 0;
  optim::LabelledState state;
  json history = json::array();
  double seconds = 0;
  train::Provenance provenance = {};
};

json configuration_of(const MpsSweeps& how, const TrialData& data) {
  auto settings = to_json(how);
  settings.erase("sweeps");  // more of them may follow
  return {{"sweeps of", settings}, {"seed", how.seed}, {"images", data.training.hash}};
}

void save(const Course& course, const fs::path& folder, const json& configuration) {
  if (folder.empty()) return;
  train::Checkpoint checkpoint{.configuration = configuration,
                               .position = {{"done", course.done},
                                            {"history", course.history},
                                            {"seconds", course.seconds},
                                            {"provenance", course.provenance},
                                            {"centre", course.state.centre},
                                            {"log scale", course.state.log_scale}},
                               .tensors = {}};
  std::map<std::string, at::Tensor> cores;
  for (std::size_t k = 0; k < course.state.cores.size(); ++k) {
    cores[fmt::format("{:05}", k)] = course.state.cores[k];
  }
  checkpoint.put("core", cores);
  fs::create_directories(folder);
  train::write_checkpoint(folder, checkpoint);
}

std::optional<Course> saved(const fs::path& folder, const json& configuration) {
  if (folder.empty() || !fs::exists(train::checkpoint_path(folder))) return std::nullopt;
  train::remove_leftovers(folder);
  const auto checkpoint = train::read_checkpoint(folder, configuration);
  const auto& position = checkpoint.position;
  Course course{.done = position.at("done").get<std::int64_t>(),
                .state = {},
                .history = position.at("history"),
                .seconds = position.at("seconds").get<double>()};
  course.provenance = position.value("provenance", train::Provenance{});
  course.state.centre = position.at("centre").get<std::size_t>();
  course.state.log_scale = position.at("log scale").get<double>();
  for (const auto& [name, core] : checkpoint.part("core")) course.state.cores.push_back(core);
  return course;
}

/// Images as the sweeps see them.
struct Seen {
  at::Tensor features, labels;
};

struct Fit {
  double loss = 0, accuracy = 0;
};

Fit fit_of(const optim::LabelledState& state, const Seen& seen, std::int64_t classes) {
  const auto found = optim::values(state, seen.features);
  const auto targets = at::one_hot(seen.labels, classes).to(found.scalar_type());
  return {.loss = optim::half_mean_square(found - targets),
          .accuracy = found.argmax(1).eq(seen.labels).to(at::kDouble).mean().item<double>()};
}

/// One sweep; false where it was interrupted.
bool swept(optim::DmrgClassifier& trainer, const MpsSweeps& how, const Experiment::Work& work,
           Course& course, train::EpochMetrics& metrics) {
  const auto bonds = trainer.bonds();
  std::int64_t count = 0, rank = 0;
  double cut = 0;
  bool interrupted = base::interrupted();
  if (interrupted) return false;
  trainer.sweep([&](const optim::DmrgClassifier::Bond& bond) {
    ++count;
    rank = std::max(rank, bond.rank);
    cut = std::max(cut, std::sqrt(bond.discarded));
    const auto note = fmt::format("loss {:.4f}, bond {} of {}", bond.solved, count, bonds);
    base::report(work.progress, {.stage = work.cell,
                                 .done = static_cast<double>(course.done) +
                                         static_cast<double>(count) / static_cast<double>(bonds),
                                 .total = static_cast<double>(how.sweeps),
                                 .unit = "sweeps",
                                 .note = note});
    interrupted = base::interrupted() && count < bonds;
    return !interrupted;
  });
  metrics.observed["rank/mps"] = static_cast<double>(rank);
  metrics.observed["cut/mps"] = cut;
  return !interrupted;
}

json result_of_sweeps(const Course& course, double test_accuracy, double test_loss) {
  std::int64_t numbers = 0, rank = 0;
  for (const auto& core : course.state.cores) {
    numbers += core.numel();
    rank = std::max(rank, core.size(-1));
  }
  return {{"phases",
           {{{"name", "training"},
             {"history", course.history},
             {"best_epoch", course.done},
             {"test", {{"accuracy", test_accuracy}, {"loss", test_loss}}},
             {"weights", {{"stored", numbers}, {"dense", numbers}}},
             {"ranks", {{"mps", rank}}},
             {"seconds", course.seconds}}}}};
}

}  // namespace

std::string to_string(SiteMap map) {
  switch (map) {
    case SiteMap::quarter:
      return "1, x/4";
    case SiteMap::linear:
      return "1-x, x";
    case SiteMap::cosine:
      return "cos, sin";
  }
  return {};
}

json to_json(const MpsSweeps& how) {
  const auto options = dmrg_options(how);
  return {{"bond", how.bond},
          {"sweeps", how.sweeps},
          {"map", to_string(how.map)},
          {"label", how.label == optim::LabelCore::middle ? "middle" : "moving"},
          {"start bond", start_bond(how)},
          {"cutoff", options.cutoff},
          {"iterations", options.iterations},
          {"tolerance", options.tolerance},
          {"damping", options.damping},
          {"cut by", options.cut == optim::CutBy::data ? "data" : "norm"}};
}

at::Tensor site_features(const at::Tensor& images, SiteMap map) {
  const double scale = images.scalar_type() == at::kByte ? 255 : 1;
  const auto x = at::avg_pool2d(images.to(at::kFloat) / scale, {2, 2}).flatten(1);
  if (map == SiteMap::quarter) return at::stack({at::ones_like(x), x / 4}, -1);
  if (map == SiteMap::linear) return at::stack({1 - x, x}, -1);
  const auto angle = x * (std::numbers::pi / 2);
  return at::stack({angle.cos(), angle.sin()}, -1);
}

json run_sweeps(const MpsSweeps& how, const TrialData& data, const Experiment::Work& work) {
  const at::NoGradGuard no_gradients;
  const Seen training{site_features(data.training.images, how.map), data.training.labels},
      test{site_features(data.test.images, how.map), data.test.labels};
  const auto classes = static_cast<std::int64_t>(data.training.classes.size());
  const auto configuration = configuration_of(how, data);
  auto course = saved(work.folder, configuration).value_or(Course{});
  if (work.earlier != nullptr) {
    work.earlier->seconds += course.seconds;
    train::add(work.earlier->provenance, course.provenance);
  }
  if (course.done < how.sweeps) train::add(course.provenance, train::provenance_here());
  if (course.done < how.sweeps) {
    const auto options = dmrg_options(how);
    auto trainer =
        course.done == 0
            ? optim::DmrgClassifier(training.features, training.labels, classes, how.seed, options,
                                    start_bond(how))
            : optim::DmrgClassifier(training.features, training.labels, course.state, options);
    while (course.done < how.sweeps) {
      const base::Stopwatch watch;
      const double before = base::processor_seconds();
      train::EpochMetrics metrics{.epoch = course.done + 1, .steps = course.done + 1};
      if (!swept(trainer, how, work, course, metrics)) return nullptr;
      metrics.seconds = watch.seconds();
      metrics.processor_seconds = base::processor_seconds() - before;
      metrics.images_per_second = static_cast<double>(data.training.size()) / metrics.seconds;
      metrics.validation_loss = metrics.validation_accuracy = std::nan("");
      course.state = trainer.state();
      const auto fit = fit_of(course.state, training, classes);
      metrics.loss = fit.loss, metrics.accuracy = fit.accuracy;
      metrics.observed["test_accuracy"] = fit_of(course.state, test, classes).accuracy;
      ++course.done;
      course.seconds += metrics.seconds;
      course.history.push_back(train::to_json(metrics));
      save(course, work.folder, configuration);
    }
  }
  const auto told = fit_of(course.state, test, classes);
  return result_of_sweeps(course, told.accuracy, told.loss);
}

}  // namespace ranklens::study::reproductions
