#pragma once

#include "runtime/ledger.hpp"

#include <fmt/args.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::runtime {

/// A statement's text with {names} for what differs between ledgers. Those of the table itself are
/// known: table, working, done, key, key_in_bytes, input_key, same_key, returned_subject (of `t`
/// and of the input `i`; by same_key a plan can only look up, see postgres/statement.hpp).
class LedgerForm {
public:
    explicit LedgerForm(const LedgerTable& table);

    void add(const char* name, std::string value);
    std::string fill(std::string_view form) const;

private:
    fmt::dynamic_format_arg_store<fmt::format_context> arguments_;
};

/// Whether `name` goes into a statement as it is.
bool is_name(std::string_view name);

/// `form` for each column, with {name}, {type}, {absent} and {n}, the number of its parameter.
std::string each(
    const std::vector<LedgerColumn>& columns, std::size_t first, std::string_view form
);

}  // namespace chatear::runtime
