#include <cmath>

#include <nlohmann/json.hpp>

#include "ranklens/base/base64.h"
#include "ranklens/base/image.h"
#include "ranklens/report/colormap.h"
#include "ranklens/report/format.h"
#include "ranklens/report/page_parts.h"

namespace ranklens::report {

namespace {

using json = nlohmann::ordered_json;

json number_json(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

json numbers_json(const std::vector<double>& values) {
  json result = json::array();
  for (const double value : values) result.push_back(number_json(value));
  return result;
}

json estimate_json(const Estimate& e) {
  return {{"mean", number_json(e.mean)},
          {"low", number_json(e.low)},
          {"high", number_json(e.high)},
          {"n", e.count}};
}

template <class Items, class Make>
json array_of(const Items& items, Make make) {
  json result = json::array();
  for (const auto& item : items) result.push_back(make(item));
  return result;
}

json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  return array_of(pairs, [](const auto& pair) -> json {
    return {{"key", pair.first}, {"value", pair.second}};
  });
}

std::string_view name_of(study::Relation relation) {
  switch (relation) {
    case study::Relation::greater:
      return "greater";
    case study::Relation::less:
      return "less";
    case study::Relation::within:
      break;
  }
  return "within";
}

json verdict_json(const Verdict& v) {
  const CellText effect = effect_text(v);
  return {{"claim", v.claim.text},
          {"arm", v.arm},
          {"question", v.question.empty() ? v.claim.text : v.question},
          {"relation", name_of(v.claim.relation)},
          {"threshold", v.claim.threshold},
          {"level", v.claim.level},
          {"outcome", study::to_string(v.verdict.outcome)},
          {"tendency", study::to_string(v.verdict.tendency)},
          {"measure", v.measure},
          {"unit", v.unit},
          {"effect", estimate_json(effect_of(v))},
          {"effect_text", effect.text},
          {"interval_text", effect.detail},
          {"effect_size", number_json(effect_size(v))},
          {"seeds", v.verdict.difference.count},
          {"each", v.claim.each},
          {"reason", v.verdict.reason},
          {"accuracy",
           v.accuracy_matched ? json(study::to_string(*v.accuracy_matched)) : json(nullptr)},
          {"accuracy_text", accuracy_text(v)}};
}

json curve_json(const Curve& c) {
  // A seed is any 64-bit number, more than a number of JavaScript holds.
  return {{"arm", c.arm},
          {"seed", std::to_string(c.seed)},
          {"epoch", c.epoch},
          {"seconds", c.seconds},
          {"train_loss", numbers_json(c.train_loss)},
          {"train_accuracy", numbers_json(c.train_accuracy)},
          {"validation_loss", numbers_json(c.validation_loss)},
          {"validation_accuracy", numbers_json(c.validation_accuracy)}};
}

json chart_json(const Chart& chart) {
  return {{"id", chart.id},
          {"title", chart.title},
          {"note", chart.note},
          {"x_title", chart.x_title},
          {"y_title", chart.y_title},
          {"lines", array_of(chart.lines,
                             [](const ChartLine& line) -> json {
                               return {{"arm", line.arm},
                                       {"seed", std::to_string(line.seed)},
                                       {"x", line.x},
                                       {"y", numbers_json(line.y)},
                                       {"places", line.places}};
                             })},
          {"dots", array_of(chart.dots, [](const ChartDot& dot) -> json {
             return {{"row", dot.row}, {"series", dot.series}, {"value", number_json(dot.value)}};
           })}};
}

json score_json(const Score& score) {
  json values = json::object();
  for (const auto& [id, estimate] : score.values) values[id] = estimate_json(estimate);
  return {{"arm", score.arm}, {"method", score.method}, {"values", std::move(values)}};
}

json figure_json(const Figure& figure) {
  return {{"title", figure.title}, {"note", figure.note}, {"picture", svg_uri(figure.svg)}};
}

json photo_json(const Photo& photo) {
  const base::Image image = base::decode_image(photo.png, "image '" + photo.id + "'");
  return {{"id", photo.id},
          {"title", photo.title},
          {"label", photo.label},
          {"width", image.width},
          {"height", image.height},
          {"pixels", data_uri(photo.png)},
          {"mask", data_uri(photo.mask)}};
}

json map_json(const Map& map) {
  json values = json::object();
  for (const auto& [id, value] : map.values) values[id] = number_json(value);
  return {{"image", map.image},         {"arm", map.arm},
          {"method", map.method},       {"pixels", data_uri(map.picture.png)},
          {"low", map.picture.low},     {"high", map.picture.high},
          {"values", std::move(values)}};
}

json prediction_json(const Prediction& p) {
  return {{"image", p.image},
          {"arm", p.arm},
          {"classes", array_of(p.classes, [](const auto& one) -> json {
             return {{"label", one.first}, {"probability", one.second}};
           })}};
}

json grid_json(const Grid& grid) {
  const char* layout = grid.layout == Layout::Rows    ? "rows"
                       : grid.layout == Layout::Tiles ? "tiles"
                                                      : "gallery";
  return {{"title", grid.title},     {"note", grid.note},     {"layout", layout},
          {"columns", grid.columns}, {"images", grid.images}, {"arms", grid.arms},
          {"methods", grid.methods}};
}

json table_json(const Table& table) {
  const auto texts = cell_texts(table);
  json rows = json::array();
  for (std::size_t r = 0; r < (table.shown ? texts.size() : 0); ++r)
    rows.push_back({{"group", table.rows[r].group},
                    {"cells", array_of(texts[r], [](const CellText& cell) {
                       return cell.detail.empty() ? json(cell.text)
                                                  : json::array({cell.text, cell.detail});
                     })}});
  return {{"id", table.id},
          {"title", table.title},
          {"note", table.note},
          {"shown", table.shown},
          {"columns", array_of(table.columns,
                               [](const Column& c) -> json {
                                 return {{"title", c.title},
                                         {"unit", unit_of(c)},
                                         {"better", name_of(c.better)},
                                         {"help", c.help},
                                         {"numeric", c.format != Format::Text}};
                               })},
          {"rows", std::move(rows)},
          {"csv", to_csv(table)}};
}

json color_maps_json() {
  json result = json::object();
  for (const std::string& name : color_map_names()) {
    std::string bytes;
    for (const Rgb& color : color_map(name)) bytes.append(color.begin(), color.end());
    result[name] = base::encode_base64(bytes);
  }
  return result;
}

json document(const ReportData& data) {
  json d{{"format", "ranklens-report"},
         {"version", 1},
         {"title", data.title},
         {"lead", data.lead},
         {"command", data.command}};
  d["facts"] = pairs_json(data.facts);
  d["notes"] = data.notes;
  d["verdicts"] = array_of(data.verdicts, verdict_json);
  d["arms"] = array_of(data.arms, [](const Arm& arm) -> json {
    return {{"id", arm.id},
            {"label", arm.label},
            {"description", arm.description},
            {"reference", arm.reference}};
  });
  d["curves"] = array_of(data.curves, curve_json);
  d["seconds_title"] = data.seconds_title;
  d["chart_title"] = data.chart_title;
  d["chart_note"] = data.chart_note;
  d["charts"] = array_of(data.charts, chart_json);
  d["methods"] = array_of(data.methods, [](const Method& m) -> json {
    return {
        {"id", m.id}, {"label", m.label}, {"description", m.description}, {"control", m.control}};
  });
  d["metrics"] = array_of(data.metrics, [](const Metric& m) -> json {
    return {{"id", m.id},
            {"label", m.label},
            {"family", m.family},
            {"table", family_table(m.family)},
            {"unit", m.unit},
            {"better", name_of(m.better)},
            {"description", m.description}};
  });
  d["scores"] = array_of(data.scores, score_json);
  d["figures"] = array_of(data.figures, figure_json);
  d["images"] = array_of(data.images, photo_json);
  d["maps"] = array_of(data.maps, map_json);
  d["predictions"] = array_of(data.predictions, prediction_json);
  d["grids"] = array_of(data.grids, grid_json);
  d["tables"] = array_of(tables(data), table_json);
  d["colormaps"] = color_maps_json();
  return d;
}

}  // namespace

std::string page_json(const ReportData& data) {
  // Names from foreign files may not be UTF-8: what is not becomes U+FFFD.
  const std::string text = document(data).dump(-1, ' ', false, json::error_handler_t::replace);
  std::string result;
  result.reserve(text.size());
  for (const char c : text) c == '<' ? result += "\\u003c" : result += c;
  return result;
}

}  // namespace ranklens::report
