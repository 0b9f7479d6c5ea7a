#pragma once

#include "postgres/rows.hpp"

#include <boost/json.hpp>

namespace chatear::admin {

/// The rows of a statement whose first column is the JSON of an object, as in
/// `SELECT to_json(r)::text FROM (...) r`.
boost::json::array json_rows(const postgres::Rows& rows);

}  // namespace chatear::admin
