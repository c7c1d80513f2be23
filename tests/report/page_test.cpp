#include "ranklens/report/page.h"

#include <cmath>
#include <filesystem>
#include <limits>

#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/report/page_parts.h"
#include "ranklens/report/page_template.h"

#include "testing/base64.h"

namespace ranklens::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

ReportData small() {
  ReportData data{.title = "A </title> & B"};
  data.arms = {{.id = "d",
                .label = "dense",
                .reference = true,
                .accuracy = {0.8, 0.7, 0.9, 3},
                .parameters = {.mean = 1000},
                .forward_speed = {200, 190, 210, 3}},
               {.id = "t",
                .label = "tt</script><script>alert(1)</script>",
                .accuracy = {0.75, 0.7, 0.8, 3},
                .parameters = {.mean = 400},
                .compression = 0.6,
                .forward_speed = {150, 140, 160, 3}}};
  data.methods = {{.id = "cam", .label = "Grad-CAM"},
                  {.id = "rnd", .label = "Random", .control = true}};
  data.metrics = {{.id = "mass", .label = "Mass", .family = "localisation"},
                  {.id = "gini", .label = "Gini", .family = "concentration"}};
  data.scores = {{.arm = "", .method = "rnd", .values = {{"mass", {0.1, 0.05, 0.15, 3}}}},
                 {.arm = "d",
                  .method = "cam",
                  .values = {{"mass", {0.5, 0.4, 0.6, 3}}, {"gini", {0.3, kNone, kNone, 1}}}}};
  const at::Tensor ramp = at::linspace(0, 1, 16).reshape({4, 4});
  data.images = {{.id = "i", .title = "i", .label = "frog", .png = photo_png(ramp.unsqueeze(0))}};
  data.maps = {{.image = "i",
                .arm = "d",
                .method = "cam",
                .picture = grey_map(ramp),
                .values = {{"mass", kNone}}}};
  data.stages = {{"train", "d", 10}, {"train", "t", 12.5}, {"explain", "d", 1}, {"train", "d", 5}};
  return data;
}

Table table(const std::vector<Table>& all, const std::string& id) {
  for (const Table& one : all)
    if (one.id == id) return one;
  throw base::Error("no table " + id);
}

std::string data_of(const std::string& page) {
  const std::string mark = "<script type=\"application/json\" id=\"data\">";
  const auto from = page.find(mark) + mark.size();
  return page.substr(from, page.find("</script>", from) - from);
}

TEST(Page, ChartsHaveLinesOrDotsThatFit) {
  auto data = small();
  data.chart_title = "Charts";
  data.charts = {{.id = "a",
                  .title = "A",
                  .x_title = "epoch",
                  .y_title = "nats",
                  .lines = {{.arm = "d", .seed = 7, .x = {1, 2}, .y = {0.5, kNone}}}},
                 {.id = "b",
                  .title = "B",
                  .x_title = "share",
                  .y_title = "layer",
                  .dots = {{"conv1", "bond 1", 0.25}}}};
  EXPECT_EQ(to_csv(table(tables(data), "chart-b")), "layer,series,share\r\nconv1,bond 1,0.25\r\n");
  EXPECT_EQ(table(tables(data), "chart-a").rows.size(), 2U);
  if (!page_template().empty()) {
    const auto charts = nlohmann::json::parse(data_of(page(data)))["charts"];
    EXPECT_EQ(charts[0]["lines"][0]["seed"], "7");
    EXPECT_TRUE(charts[0]["lines"][0]["y"][1].is_null());
    EXPECT_EQ(charts[1]["dots"][0]["row"], "conv1");
  }
  auto bad = data;
  bad.charts[0].lines[0].arm = "x";
  EXPECT_THROW(page(bad), base::Error);
  bad = data;
  bad.charts[0].lines[0].y.pop_back();
  EXPECT_THROW(page(bad), base::Error);
  bad = data;
  bad.charts[1].id = "a";
  EXPECT_THROW(page(bad), base::Error);
}

TEST(Page, DataComeBackFromThePageWhateverTheNamesHold) {
  if (page_template().empty())
    GTEST_SUCCEED() << "built without the web front end";
  else {
    const auto d = nlohmann::json::parse(data_of(page(small())));
    EXPECT_EQ(d["format"], "ranklens-report");
    EXPECT_EQ(d["arms"][1]["label"], "tt</script><script>alert(1)</script>");
    EXPECT_EQ(d["scores"][1]["values"]["mass"]["low"], 0.4);
    EXPECT_TRUE(d["scores"][1]["values"]["gini"]["low"].is_null());
    EXPECT_TRUE(d["maps"][0]["values"]["mass"].is_null());
    EXPECT_EQ(d["images"][0]["width"], 4);
  }
}

TEST(Page, NoTextBecomesMarkup) {
  for (const std::string& html : {page(small()), plain_page(small())}) {
    EXPECT_EQ(html.find("<script>alert"), std::string::npos);
    EXPECT_NE(html.find("<title>A &lt;/title&gt; &amp; B</title>"), std::string::npos);
  }
  EXPECT_EQ(page_json(small()).find('<'), std::string::npos);
}

TEST(Page, NamesNoAddressOfAnyNetwork) {
  const std::string html = plain_page(small());
  EXPECT_EQ(html.find("://"), std::string::npos);
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  if (!page_template().empty()) {
    EXPECT_NE(page_template().find("default-src 'none'"), std::string_view::npos);
    EXPECT_EQ(page_template().find("<script src"), std::string_view::npos);
  }
}

TEST(Page, TextThatIsNoUtf8IsReplaced) {
  ReportData data = small();
  data.lead = "caf\xe9";
  EXPECT_EQ(nlohmann::json::parse(page_json(data))["lead"], "caf\uFFFD");
}

TEST(Page, PicturesAreEmbedded) {
  const auto d = nlohmann::json::parse(page_json(small()));
  const std::string uri = d["maps"][0]["pixels"], head = "data:image/png;base64,";
  ASSERT_EQ(uri.substr(0, head.size()), head);
  EXPECT_EQ(ranklens::testing::decode_base64(uri.substr(head.size())), small().maps[0].picture.png);
}

TEST(Page, IdsThatDoNotFitAreRefused) {
  const auto broken = [](auto change) {
    ReportData data = small();
    change(data);
    return data;
  };
  EXPECT_THROW(page(broken([](auto& d) { d.scores[1].arm = "x"; })), base::Error);
  EXPECT_THROW(page(broken([](auto& d) { d.scores[1].method = "x"; })), base::Error);
  EXPECT_THROW(page(broken([](auto& d) { d.scores[1].values["x"] = {}; })), base::Error);
  EXPECT_THROW(page(broken([](auto& d) { d.maps[0].image = "x"; })), base::Error);
  EXPECT_THROW(page(broken([](auto& d) { d.arms[1].id = "d"; })), base::Error);
  EXPECT_THROW(page(broken([](auto& d) { d.grids = {{.images = {"x"}}}; })), base::Error);
  EXPECT_THROW(
      page(broken([](auto& d) { d.curves = {{.arm = "d", .epoch = {1, 2}, .train_loss = {1}}}; })),
      base::Error);
}

TEST(PageTables, ArmsStandBesideTheReference) {
  const Table arms = table(tables(small()), "arms");
  EXPECT_EQ(to_csv(arms),
            "Arm,Accuracy,Accuracy low,Accuracy high,Accuracy "
            "n,Parameters,Compression,Forward,Forward low,"
            "Forward high,Forward n,Forward beside dense\r\n"
            "dense,0.8,0.7,0.9,3,1000,,200,190,210,3,1\r\n"
            "tt</script><script>alert(1)</script>,0.75,0.7,0.8,3,400,0.6,150,140,160,3,0.75\r\n");
}

TEST(PageTables, ArmsOfWhichNothingWasMeasuredAreNoRows) {
  auto data = small();
  data.arms.push_back({.id = "published", .label = "published"});
  EXPECT_EQ(to_csv(table(tables(data), "arms")), to_csv(table(tables(small()), "arms")));
  data.arms = {{.id = "flow", .label = "flow"}};
  data.scores.clear(), data.curves.clear();
  EXPECT_FALSE(table(tables(data), "arms").shown);
}

TEST(PageTables, ControlsStandLastInTheTableOfTheirFamily) {
  const auto all = tables(small());
  const Table mass = table(all, "metrics-localisation");
  ASSERT_EQ(mass.rows.size(), 2u);
  EXPECT_EQ(mass.rows[0].group, "Grad-CAM");
  EXPECT_EQ(mass.rows[1].group, "Controls");
  EXPECT_EQ(std::get<std::string>(mass.rows[1].cells[0]), "Random");
  // The control has no Gini: it has no row there.
  EXPECT_EQ(table(all, "metrics-concentration").rows.size(), 1u);
}

TEST(PageTables, AControlOfAnArmStandsUnderTheControlsName) {
  auto data = small();
  data.scores.push_back({.arm = "d", .method = "rnd", .values = {{"gini", {0.2, 0.1, 0.3, 3}}}});
  const Table gini = table(tables(data), "metrics-concentration");
  ASSERT_EQ(gini.rows.size(), 2u);
  EXPECT_EQ(gini.rows[1].group, "Control: Random");
  EXPECT_EQ(std::get<std::string>(gini.rows[1].cells[0]), "dense");
}

TEST(PageTables, StagesAreSummedOverArmsAndRuns) {
  EXPECT_EQ(to_csv(table(tables(small()), "stages")),
            "Stage,dense,tt</script><script>alert(1)</script>,total\r\n"
            "train,15,12.5,27.5\r\nexplain,1,,1\r\ntotal,16,12.5,28.5\r\n");
}

TEST(PageTables, AVerdictSaysItsEffectWithItsInterval) {
  Verdict verdict;
  verdict.verdict.difference = {.count = 5, .mean = -0.0312, .lower = -0.0525, .upper = -0.0101};
  EXPECT_EQ(effect_text(verdict).text, "−0.0312");
  EXPECT_EQ(effect_text(verdict).detail, "[−0.0525, −0.0101]");
  // One seed: the interval has no ends.
  verdict.verdict.difference = study::summarise(std::vector<double>{0.5});
  EXPECT_EQ(effect_text(verdict).text, "+0.500");
  EXPECT_EQ(effect_text(verdict).detail, "");
  verdict.verdict.difference = {};
  EXPECT_EQ(effect_text(verdict).text, "–");
}

TEST(PageTables, AnEffectSizeNeedsThreeSeeds) {
  Verdict verdict;
  verdict.verdict.effect = 0.8;
  verdict.verdict.difference.count = 2;
  EXPECT_TRUE(std::isnan(effect_size(verdict)));
  verdict.verdict.difference.count = 3;
  EXPECT_EQ(effect_size(verdict), 0.8);
}

TEST(PageTables, AVerdictSaysWhetherAccuracyWasMatched) {
  Verdict verdict;
  EXPECT_EQ(accuracy_text(verdict), "");  // a claim about no arm
  verdict.arm = "tt";
  EXPECT_EQ(accuracy_text(verdict), "accuracy not compared");
  verdict.accuracy_matched = study::Outcome::undecided;
  verdict.accuracy_note = "84 % against 83 %";
  EXPECT_EQ(accuracy_text(verdict), "accuracies not shown to agree: 84 % against 83 %");
}

TEST(Page, IsWrittenWhole) {
  const auto path = std::filesystem::temp_directory_path() / "ranklens_page_test.html";
  write_page(path, small());
  EXPECT_EQ(base::read_file(path), page(small()));
  std::filesystem::remove(path);
  EXPECT_THROW(write_page("/does/not/exist/page.html", small()), base::Error);
}

}  // namespace
}  // namespace ranklens::report
