#include "ranklens/study/pendulum/experiment.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/study/pendulum/angles.h"
#include "ranklens/study/pendulum/drift.h"
#include "ranklens/study/pendulum/film.h"
#include "ranklens/study/pendulum/track.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::study::pendulum {
namespace {

using nlohmann::json;

/// The centred cloud along the swing.
struct Scene {
  std::vector<double> phi;  ///< turned by, since the start
  std::vector<at::Tensor> matrices;
  double s1 = 0, s2 = 0;
};

Scene scene(const Options& options, double spread, std::uint64_t seed,
            std::int64_t refinement = 1) {
  const auto cloud = make_cloud(options.motion, options.points, spread, seed);
  const double step = options.step / static_cast<double>(refinement);
  Scene found;
  for (const double angle : swing(options.motion, step, (options.frames - 1) * refinement + 1)) {
    found.phi.push_back(angle - options.motion.angle);
    found.matrices.push_back(centred(cloud, found.phi.back()));
  }
  const auto values = at::linalg_svdvals(found.matrices.front());
  found.s1 = values[0].item<double>(), found.s2 = values[1].item<double>();
  return found;
}

double error(const optim::LowRank& found, const at::Tensor& exact) {
  return tn::frobenius(found.dense() - exact);
}

json numbers(const std::vector<double>& values) { return values; }

/// Errors over the best one, by time, of every tracker, of the exact flow and of its closed form.
json errors(const Options& options, std::uint64_t seed) {
  const auto path = scene(options, options.spread, seed);
  json lines = json::object();
  for (const auto tracker : trackers()) {
    std::vector<double> line, angles;
    const auto found = track(path.matrices, {.tracker = tracker});
    for (std::size_t k = 0; k < found.size(); ++k) {
      line.push_back(error(found[k], path.matrices[k]) / path.s2);
    }
    lines[to_string(tracker)] = numbers(line);
  }
  std::vector<double> flow, closed, direction;
  for (const auto& at : rank_one_flow(path.s1, path.s2, path.phi)) {
    flow.push_back(flow_error(path.s1, path.s2, at) / path.s2);
    direction.push_back(at.b);
  }
  for (const double phi : path.phi) closed.push_back(std::sqrt(1 + phi * phi));
  return {{"phi", path.phi}, {"s1", path.s1},    {"s2", path.s2},   {"lines", lines},
          {"flow", flow},    {"closed", closed}, {"lag", direction}};
}

/// Error against the exact flow at the end of the swing, by step.
json convergence(const Options& options, std::uint64_t seed) {
  json lines = json::object();
  std::vector<double> steps;
  for (const auto refinement : options.refinements) {
    const auto path = scene(options, options.spread, seed, refinement);
    steps.push_back(options.step / static_cast<double>(refinement));
    const double exact =
        flow_error(path.s1, path.s2, rank_one_flow(path.s1, path.s2, path.phi).back());
    for (const auto tracker : trackers()) {
      const double last =
          error(track(path.matrices, {.tracker = tracker}).back(), path.matrices.back());
      lines[to_string(tracker)].push_back(std::abs(last - exact) / path.s2);
    }
  }
  return {{"steps", steps}, {"lines", lines}};
}

/// How far the error is above the best one at its worst, by how thick the cloud is.
json noise(const Options& options, std::uint64_t seed) {
  std::vector<double> ratios, worst, flow, closed;
  for (const double spread : options.spreads) {
    const auto path = scene(options, spread, seed);
    const auto found = track(path.matrices, {.tracker = Tracker::augmented_bug});
    const auto exact = rank_one_flow(path.s1, path.s2, path.phi);
    double most = 0, most_exact = 0, most_closed = 0;
    for (std::size_t k = 0; k < found.size(); ++k) {
      most = std::max(most, error(found[k], path.matrices[k]) / path.s2);
      most_exact = std::max(most_exact, flow_error(path.s1, path.s2, exact[k]) / path.s2);
      most_closed = std::max(most_closed, std::sqrt(1 + path.phi[k] * path.phi[k]));
    }
    ratios.push_back(path.s2 / path.s1);
    worst.push_back(most), flow.push_back(most_exact), closed.push_back(most_closed);
  }
  return {{"spreads", options.spreads},
          {"ratios", ratios},
          {"worst", worst},
          {"flow", flow},
          {"closed", closed}};
}

/// The rank that a tolerance keeps, and its error.
json tolerance(const Options& options, std::uint64_t seed) {
  const auto path = scene(options, options.spread, seed);
  json found = json::array();
  for (const double part : {0.25, 0.5, 0.9, 1.1, 2.0, 4.0}) {
    const auto followed =
        track(path.matrices, {.tracker = Tracker::augmented_bug, .tolerance = part * path.s2});
    found.push_back({{"tolerance", part},
                     {"rank", followed.back().rank()},
                     {"error", error(followed.back(), path.matrices.back()) / path.s2}});
  }
  return found;
}

json rows(const at::Tensor& points) {
  json list = json::array();
  for (std::int64_t k = 0; k < points.size(0); ++k) {
    list.push_back({points[k][0].item<double>(), points[k][1].item<double>()});
  }
  return list;
}

/// Points, their best line and the followed one, for drawing: all frames of the first seed.
json frames(const Options& options) {
  const auto seed = options.seeds.front();
  const auto cloud = make_cloud(options.motion, options.points, options.spread, seed);
  const auto path = scene(options, options.spread, seed);
  const auto found = track(path.matrices, {.tracker = Tracker::fixed_bug});
  json list = json::array();
  for (std::size_t k = 0; k < found.size(); ++k) {
    const auto middle = centre(cloud, path.phi[k]);
    const auto best = optim::nearest(path.matrices[k], 1);
    list.push_back(
        {{"phi", path.phi[k]},
         {"centre", {middle[0].item<double>(), middle[1].item<double>()}},
         {"best", {best.v[0][0].item<double>(), best.v[1][0].item<double>()}},
         {"followed", {found[k].v[0][0].item<double>(), found[k].v[1][0].item<double>()}}});
  }
  return {{"lengths", rows(at::stack({cloud.lengths, cloud.angles}, 1))}, {"frames", list}};
}

json film_cell(const Options& options, std::int64_t rank) {
  const auto pictures = film(options.motion, options.step, options.film_frames, options.film_side);
  const auto found = follow(pictures, options.film_window, rank);
  return {{"rank", rank},
          {"errors", found.errors},
          {"best", found.best_errors},
          {"seconds followed", found.seconds_followed},
          {"seconds decomposed", found.seconds_decomposed},
          {"steps", found.steps}};
}

json settings_of(const Options& o) {
  return {{"gravity", o.motion.gravity},
          {"length", o.motion.length},
          {"angle", o.motion.angle},
          {"speed", o.motion.speed},
          {"points", o.points},
          {"spread", o.spread},
          {"step", o.step},
          {"frames", o.frames},
          {"seeds", o.seeds},
          {"refinements", o.refinements},
          {"spreads", o.spreads},
          {"film side", o.film_side},
          {"film frames", o.film_frames},
          {"film window", o.film_window},
          {"film ranks", o.film_ranks}};
}

}  // namespace

Experiment experiment(const Options& options) {
  base::require(!options.seeds.empty(), "an experiment has at least one seed");
  Experiment made{.name = "pendulum", .settings = settings_of(options), .cells = {"frames"}};
  using Cell = std::function<json()>;
  std::map<std::string, Cell> cells{{"frames", [options] { return frames(options); }}};
  const auto each_seed = [&](const char* name, json (*make)(const Options&, std::uint64_t)) {
    for (const auto seed : options.seeds) {
      made.cells.push_back(fmt::format("{}-s{}", name, seed));
      cells[made.cells.back()] = [=] { return make(options, seed); };
    }
  };
  each_seed("errors", errors);
  each_seed("convergence", convergence);
  each_seed("noise", noise);
  each_seed("tolerance", tolerance);
  for (const auto rank : options.film_ranks) {
    made.cells.push_back(fmt::format("film-r{}", rank));
    cells[made.cells.back()] = [=] { return film_cell(options, rank); };
  }
  made.make = [cells](const Experiment::Work& work) { return cells.at(work.cell)(); };
  return made;
}

}  // namespace ranklens::study::pendulum
