#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ranklens/report/estimate.h"
#include "ranklens/report/heatmap.h"
#include "ranklens/report/table.h"
#include "ranklens/study/verdict.h"

/// What the report page shows, as plain data. The JSON it becomes is described in
/// docs/report-data.md. Every part may be empty: a section appears only if its data are there.
/// Arms, methods, metrics and images are referred to by their ids.
namespace ranklens::report {

struct Verdict {
  study::Claim claim{};
  std::string arm{};       // id of the arm it is about; empty: of none in particular
  std::string question{};  // the claim without the arm's name: the same words for every arm
  study::Verdict verdict{};
  std::string measure{};  // what the difference is: "mass accuracy of Grad-CAM, tt − dense"
  std::string unit{};
  std::optional<study::Outcome>
      accuracy_matched{};       // study::accuracy_matched(); none: not compared
  std::string accuracy_note{};  // "84.1 % against 84.4 %"
};

struct Arm {
  std::string id{};
  std::string label{};
  std::string description{};            // of its weights: "tt(out=8x4x4,in=16x16x8,r=16)"
  bool reference = false;               // the arm that others are compared with, drawn in ink
  Estimate accuracy{};                  // fraction
  Estimate parameters{};                // stored trainable numbers; ranks may differ by seed
  Estimate flops{};                     // of one image
  std::optional<double> compression{};  // one minus parameters over the reference's
  Estimate saved{};                     // share of the weights, without biases and norms
  Estimate forward_speed{};             // images/s; NaN: not measured
  Estimate training_speed{};            // images/s
  std::string speed_run{};              // speeds of one run, measured by turns, can be divided
};

/// One run's learning curve. Vectors have one entry an epoch or are empty; NaN: not measured.
struct Curve {
  std::string arm{};
  std::uint64_t seed = 0;
  std::vector<double> epoch{};
  std::vector<double> seconds{};  // of training, at the end of the epoch
  std::vector<double> train_loss{}, train_accuracy{}, validation_loss{}, validation_accuracy{};
};

struct Method {
  std::string id{};
  std::string label{};
  std::string description{};
  bool control = false;  // knows nothing of the trained network
};

struct Metric {
  std::string id{};
  std::string label{};
  std::string family{};  // metrics of one family share a table: "localisation"
  std::string unit{};
  Better better = Better::Higher;
  std::string description{};
};

/// The metrics of one arm and method over images and seeds; `arm` is empty for controls that look
/// at no network.
struct Score {
  std::string arm{};
  std::string method{};
  std::map<std::string, Estimate> values{};  // by metric id
};

struct Photo {
  std::string id{};
  std::string title{};  // "64", "photo.jpg"
  std::string label{};  // its class
  std::string png{};    // photo_png()
  std::string mask{};   // mask_png() of its object, or empty
};

struct Map {
  std::string image{};
  std::string arm{};
  std::string method{};
  GreyMap picture{};                       // grey_map()
  std::map<std::string, double> values{};  // this map's metrics, by metric id
};

struct Prediction {
  std::string image{};
  std::string arm{};
  std::vector<std::pair<std::string, double>> classes{};  // name and probability, best first
};

/// Rows: an image a row, methods × arms as columns. Tiles: blocks of `columns` × n tiles, one block
/// an arm and method, as in a paper's figure. Gallery: a few large pictures.
enum class Layout { Rows, Tiles, Gallery };

struct Grid {
  std::string title{};
  std::string note{};
  Layout layout = Layout::Rows;
  int columns = 4;
  std::vector<std::string> images{}, arms{}, methods{};
};

/// A picture that explains itself: an SVG, which may move but runs no script.
struct Figure {
  std::string title{};
  std::string note{};
  std::string svg{};
};

/// Seconds of one stage; `arm` may be empty.
struct Stage {
  std::string stage{};
  std::string arm{};
  double seconds = 0;
};

struct Setting {
  std::string section{};
  std::string key{};
  std::string value{};
};

/// The values of one run over `x`; y may be NaN where nothing was measured.
struct ChartLine {
  std::string arm{};
  std::uint64_t seed = 0;  // 0: of none, such as a mean, or what was printed
  std::vector<double> x{}, y{};
  /// Names of the places, where they have any: those of one name are one place of all seeds, at the
  /// mean of their x. Empty: places of one x are one.
  std::vector<std::string> places{};
};

struct ChartDot {
  std::string row{};
  std::string series{};  // a colour and a mark
  double value = 0;
};

/// A plot beside the training curves: lines of arms and seeds, drawn as means in bands, or dots by
/// row. A chart has lines or dots.
struct Chart {
  std::string id{};  // [a-z0-9-]
  std::string title{};
  std::string note{};
  std::string x_title{}, y_title{};  // with their units
  std::vector<ChartLine> lines{};
  std::vector<ChartDot> dots{};
};

struct ReportData {
  std::string title{};
  std::string lead{};     // one or two sentences: what was run
  std::string command{};  // the command that made it
  std::vector<std::pair<std::string, std::string>> facts{};
  std::vector<std::string> notes{};  // what a reader must know before believing the numbers
  std::vector<Verdict> verdicts{};
  std::vector<Arm> arms{};
  std::vector<Curve> curves{};
  std::string seconds_title{"seconds of training"};  // of the curves' seconds
  std::string chart_title{};                         // of the section of charts
  std::string chart_note{};                          // what a reader must know of them
  std::vector<Chart> charts{};
  std::vector<Figure> figures{};  // below the charts
  std::vector<Method> methods{};
  std::vector<Metric> metrics{};
  std::vector<Score> scores{};
  std::vector<Photo> images{};
  std::vector<Map> maps{};
  std::vector<Prediction> predictions{};
  std::vector<Grid> grids{};
  std::vector<Stage> stages{};
  std::string stage_note{};  // what their seconds hold
  std::vector<Setting> configuration{};
  std::vector<std::pair<std::string, std::string>>
      provenance{};             // versions, seeds, threads, hashes
  std::vector<Table> tables{};  // any others, shown under "More numbers"
};

/// The tables the data hold, those given and those made of verdicts, curves, charts ("chart-ID",
/// for download), arms, scores (one "metrics-FAMILY" a family), stages, configuration and
/// provenance: for the terminal and for the CSV files beside the page.
std::vector<Table> tables(const ReportData& data);

/// The page: one HTML document that asks nothing of any network. Error if the data refer to an
/// arm, a method, a metric or an image that they do not list, or list one twice.
std::string page(const ReportData& data);

/// The same data in the page without scripts, which is what a build without the web front end
/// (RANKLENS_WEB=OFF) writes.
std::string plain_page(const ReportData& data);

/// Writes page() to a file, whole or not at all.
void write_page(const std::filesystem::path& path, const ReportData& data);

}  // namespace ranklens::report
