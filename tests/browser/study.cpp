#include <cmath>

#include "pictures.h"
#include "sample.h"
#include "study_training.h"

namespace ranklens::sample {

namespace {

using namespace report;

constexpr int kImages = 32;
constexpr int kSize = 32;

const std::vector<std::string> kClasses{"anchor", "bridge", "cup",   "dome",   "engine",
                                        "frog",   "gate",   "house", "island", "jar"};

/// Judged by the study's own function from made-up values of three seeds.
Verdict judged(study::Claim claim, const std::vector<double>& differences, std::string measure,
               std::string unit) {
  study::PairedSamples samples{.first = "tt", .second = "dense", .seeds = {13112022, 1, 2}};
  samples.seeds.resize(differences.size());
  samples.first_values = differences;
  samples.second_values.assign(differences.size(), 0);
  Verdict result{.claim = std::move(claim),
                 .measure = std::move(measure),
                 .unit = std::move(unit),
                 .accuracy_matched = study::Outcome::supported,
                 .accuracy_note = "83.6 % against 84.3 %"};
  result.verdict = study::judge(result.claim, samples);
  return result;
}

/// The same claims about the arm "tt", and one of them about "low-rank" too.
std::vector<Verdict> verdicts() {
  using study::Relation;
  std::vector<Verdict> result{
      judged({.text = "The loss of the tensor-train network converges faster",
              .relation = Relation::less,
              .needed_seeds = 3},
             {1.21, 1.42, 1.27}, "area under the training loss, tt − dense", "nats·epochs"),
      judged({.text = "Its maps are more localised", .needed_seeds = 3}, {0.041, 0.052, 0.036},
             "mass accuracy of Grad-CAM, tt − dense", ""),
      judged({.text = "Grad-CAM and SmoothGrad agree more on it"}, {0.11, 0.13, 0.10},
             "Spearman correlation of the two maps, tt − dense", ""),
      judged({.text = "Accuracy is kept with fewer parameters", .threshold = -1, .needed_seeds = 3},
             {-0.9, 0.3, -1.2}, "validation accuracy, tt − dense", "percentage points"),
      judged({.text = "It explains an image in less time", .relation = Relation::less}, {-0.7},
             "seconds an image, tt − dense", "s")};
  result[3].accuracy_matched = study::Outcome::contradicted;
  result[4].accuracy_matched.reset();
  result[4].accuracy_note.clear();
  for (Verdict& verdict : result) verdict.arm = "tt";
  result.push_back(judged(result[1].claim, {-0.01, 0.02, 0.01},
                          "mass accuracy of Grad-CAM, low-rank − dense", ""));
  result.back().arm = "low-rank";
  return result;
}

std::vector<Metric> metrics() {
  return {{"pointing", "Pointing game", "localisation", "", Better::Higher,
           "Share of maps whose highest value lies in the mask."},
          {"mass", "Mass accuracy", "localisation", "", Better::Higher,
           "Share of the map's positive mass inside the mask."},
          {"rank", "Rank accuracy", "localisation", "", Better::Higher,
           "Share of the top pixels, as many as the mask has, inside it."},
          {"iou", "IoU at mask area", "localisation", "", Better::Higher,
           "Overlap of the top pixels with the mask."},
          {"auc", "ROC-AUC", "localisation", "", Better::Higher,
           "Chance that a pixel inside ranks above one outside."},
          {"gini", "Gini", "concentration", "", Better::Higher, "0: even, 1: a single pixel."},
          {"entropy", "Entropy", "concentration", "nats", Better::Lower,
           "Of the map as a distribution."},
          {"spread", "Spatial spread", "concentration", "pixels", Better::Lower,
           "Root mean square distance from the centre of mass."},
          {"insertion", "Insertion (softmax)", "faithfulness", "", Better::Higher,
           "Area under the score as the best pixels come in."},
          {"deletion", "Deletion (softmax)", "faithfulness", "", Better::Lower,
           "Area under the score as the best pixels go."}};
}

std::vector<Method> methods() {
  return {
      {"gradcam", "Grad-CAM", "after the last convolution's ReLU", false},
      {"smoothgrad", "SmoothGrad", "20 samples", false},
      {"untrained", "Grad-CAM, untrained", "the same method on a network of random weights", true},
      {"sobel", "Sobel edges", "", true},
      {"centre", "Centre prior", "", true},
      {"random", "Random", "", true}};
}

bool armless(const std::string& method) {
  return method == "sobel" || method == "centre" || method == "random";
}

std::vector<std::string> arms_of(const Method& method) {
  if (armless(method.id)) return {""};
  std::vector<std::string> ids;
  for (const Arm& arm : arms()) ids.push_back(arm.id);
  return ids;
}

std::vector<Score> scores() {
  std::vector<Score> result;
  int m = 0;
  for (const Method& method : methods()) {
    int a = 0;
    for (const std::string& arm : arms_of(method)) {
      Score score{.arm = arm, .method = method.id};
      int k = 0;
      for (const Metric& metric : metrics()) {
        const double base = metric.id == "entropy" ? 5.4 : metric.id == "spread" ? 8.2 : 0.55;
        const double good = method.control ? 0.55 : 1.0 + 0.05 * wave(a, k, m);
        score.values[metric.id] =
            around(base * (metric.better == Better::Lower ? 1.6 - 0.6 * good : good),
                   0.02 * base * (1.4 + wave(k, a)));
        ++k;
      }
      result.push_back(std::move(score));
      ++a;
    }
    ++m;
  }
  return result;
}

void add_pictures(ReportData& data) {
  const std::vector<Method> all = methods();
  for (int i = 0; i < kImages; ++i) {
    const Scene made = scene(i, kSize);
    const std::string id = std::to_string(i < 16 ? 64 + i : 100 + 7 * i);
    data.images.push_back({.id = id,
                           .title = id,
                           .label = i < 16 ? kClasses[i % kClasses.size()] : "frog",
                           .png = photo_png(made.image),
                           .mask = mask_png(made.mask)});
    int seed = 1000 * i;
    for (const Method& method : all) {
      int a = 0;
      for (const std::string& arm : arms_of(method)) {
        const double away = method.control ? 0.8 : 0.08 * a;
        const at::Tensor map = bump(made.y + away * wave(i, a), made.x + away * wave(a, i),
                                    method.id == "gradcam" ? 0.3 + 0.05 * a : 0.2,
                                    method.id == "gradcam" ? 0.03 : 0.35, kSize, ++seed);
        data.maps.push_back({.image = id,
                             .arm = arm,
                             .method = method.id,
                             .picture = grey_map(map),
                             .values = {{"pointing", i % 4 ? 1.0 : 0.0},
                                        {"mass", 0.5 + 0.2 * wave(i, a)},
                                        {"auc", 0.8 + 0.1 * wave(a, i)}}});
        ++a;
      }
    }
    for (const Arm& arm : data.arms)
      data.predictions.push_back(
          {.image = id,
           .arm = arm.id,
           .classes = {{i % 5 ? data.images.back().label : "cup", 0.62 + 0.3 * wave(i)}}});
  }
}

std::vector<std::string> ids(const ReportData& data, int from, int count) {
  std::vector<std::string> result;
  for (int i = from; i < from + count; ++i) result.push_back(data.images[i].id);
  return result;
}

}  // namespace

report::ReportData study() {
  ReportData data{.title = "Does a tensor-train network look at better things?",
                  .lead =
                      "Five networks with one trunk and different heads, trained on the same "
                      "batches from three seeds, "
                      "explained on 32 images and measured against the masks of their objects.",
                  .command =
                      "ranklens study --arms dense,tt-matched,low-rank,tt,tucker --seeds "
                      "13112022,1,2 --epochs 20"};
  data.facts = {{"Data", "scenes, 10 classes, 32 × 32"},
                {"Training images", "8 000"},
                {"Validation images", "2 000"},
                {"Seeds", "3"},
                {"Epochs", "20"},
                {"Images explained", "32"}};
  data.notes = {
      "Every number on this page is made up: it is the sample that the page's own tests look at.",
      "Pixels were once JPEG, and the images are in another order than the original's: the grids "
      "show other images."};
  data.verdicts = verdicts();
  data.arms = arms();
  data.curves = curves();
  data.chart_title = "Entanglement of the head";
  data.chart_note = "The head's weight as a tensor train.";
  data.charts = charts();
  data.methods = methods();
  data.metrics = metrics();
  data.scores = scores();
  add_pictures(data);
  std::vector<std::string> all;
  for (const Arm& arm : data.arms) all.push_back(arm.id);
  data.grids = {{.title = "Images × arms × methods",
                 .layout = Layout::Rows,
                 .images = ids(data, 0, 6),
                 .arms = all,
                 .methods = {"gradcam", "smoothgrad", "sobel", "random"}},
                {.title = "Items 64–79",
                 .note = "As the original's figures 6 to 9.",
                 .layout = Layout::Tiles,
                 .columns = 4,
                 .images = ids(data, 0, 16),
                 .arms = {"dense", "tt"},
                 .methods = {"gradcam", "smoothgrad"}},
                {.title = "The first 16 frogs",
                 .layout = Layout::Tiles,
                 .columns = 4,
                 .images = ids(data, 16, 16),
                 .arms = {"dense", "tt"},
                 .methods = {"gradcam", "smoothgrad"}}};
  for (const Arm& arm : data.arms)
    for (const auto& [stage, seconds] :
         {std::pair{"train", 182.4}, {"evaluate", 3.1}, {"explain", 21.7}, {"measure", 9.6}})
      data.stages.push_back(
          {stage, arm.id, seconds * (1 + 0.1 * wave(static_cast<int>(arm.id.size())))});
  data.stages.push_back({"data", "", 4.2});
  data.stages.push_back({"report", "", 1.3});
  data.stage_note = "By the clock, summed over seeds and processes.";
  data.configuration = {{"training", "epochs", "20"},
                        {"training", "batch", "512"},
                        {"training", "optimiser", "adam(lr=1e-3)"},
                        {"training", "dtype", "float32"},
                        {"data", "source", "scenes"},
                        {"data", "shortcut", "none"},
                        {"explanation", "methods", "gradcam, smoothgrad(samples=20, noise=0.2)"}};
  data.provenance = {
      {"ranklens", "0.1.0"},
      {"libtorch", "2.13.0"},
      {"threads", "2"},
      {"seeds", "13112022, 1, 2"},
      {"dtype", "float32"},
      {"data hash", "sha256:9f2c1e7b0a55d1f4c3b2a190e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2918070"}};
  data.tables = {
      {.id = "classes",
       .title = "Accuracy by class",
       .columns = {{.title = "Class"},
                   {.title = "dense", .format = Format::Percent, .better = Better::Higher},
                   {.title = "tt", .format = Format::Percent, .better = Better::Higher}},
       .rows = {{.cells = {"a \"quoted\", <b>bold</b> class </script>", 0.81, 0.79}},
                {.cells = {"frog", 0.9, 0.91}}}}};
  return data;
}

}  // namespace ranklens::sample
