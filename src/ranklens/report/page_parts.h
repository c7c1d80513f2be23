#pragma once

#include <string>
#include <string_view>

#include "ranklens/report/page.h"

/// The pieces page() is made of; not for use outside this folder and its tests.
namespace ranklens::report {

/// Error if ids do not fit together (see page()).
void check(const ReportData& data);

/// The document of docs/report-data.md, on one line, with every "<" escaped so that it can stand in
/// a <script> element.
std::string page_json(const ReportData& data);

/// Title, verdicts and shown tables as plain HTML without images.
std::string plain_body(const ReportData& data);

/// "data:image/png;base64,…", or nothing for no bytes.
std::string data_uri(std::string_view png);
std::string svg_uri(std::string_view svg);

std::string_view name_of(Better better);

/// Label of an arm or a method; the id itself if it is not listed.
std::string arm_label(const ReportData& data, const std::string& id);
std::string method_label(const ReportData& data, const std::string& id);

/// Accuracy, size and speed of the arms that have any of them.
Table arm_table(const ReportData& data);

/// The id of the table in which a family of metrics stands.
std::string family_table(const std::string& family);

/// The difference of a verdict; without an interval for one seed.
Estimate effect_of(const Verdict& verdict);

/// The same as it is read, with its sign.
CellText effect_text(const Verdict& verdict);

/// Hedges' g of it; NaN for fewer than three seeds, whose correction has no value.
double effect_size(const Verdict& verdict);

/// "accuracy matched: 84.1 % against 84.4 %"; nothing for a claim about no arm.
std::string accuracy_text(const Verdict& verdict);

}  // namespace ranklens::report
