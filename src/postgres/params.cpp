#include "postgres/params.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::postgres {
namespace {

std::optional<std::string> nothing() {
    return std::nullopt;
}

/// Few elements have anything to escape: so in pieces, not by the character.
void append_quoted(std::string& literal, std::string_view element) {
    const auto is_special = [](char c) { return c == '"' || c == '\\'; };
    literal += '"';
    while (true) {
        const auto end = std::find_if(element.begin(), element.end(), is_special);
        const auto plain = static_cast<std::size_t>(end - element.begin());
        literal += element.substr(0, plain);
        if (end == element.end()) {
            break;
        }
        literal += '\\';
        literal += *end;
        element.remove_prefix(plain + 1);
    }
    literal += '"';
}

class ArrayLiteral {
public:
    void add(std::string_view element) {
        next();
        append_quoted(literal_, element);
    }
    template <typename Text>
    void add(const std::optional<Text>& element) {
        if (element) {
            add(std::string_view(*element));
            return;
        }
        next();
        literal_ += "NULL";
    }
    std::string finish() && {
        literal_ += '}';
        return std::move(literal_);
    }

private:
    void next() {
        if (literal_.size() > 1) {
            literal_ += ',';
        }
    }

    std::string literal_ = "{";
};

// One array literal of `values`, each turned to text by `convert`.
template <typename Values, typename Convert>
std::string literal_of(const Values& values, const Convert& convert) {
    ArrayLiteral literal;
    for (const auto& value : values) {
        literal.add(convert(value));
    }
    return std::move(literal).finish();
}

}  // namespace

Params& Params::null() {
    values_.push_back(nothing());
    return *this;
}

Params& Params::text(std::string value) {
    values_.emplace_back(std::move(value));
    return *this;
}

Params& Params::optional_text(std::optional<std::string> value) {
    values_.push_back(std::move(value));
    return *this;
}

Params& Params::integer(std::int64_t value) {
    return text(std::to_string(value));
}

Params& Params::number(double value) {
    return text(fmt::format("{}", value));
}

Params& Params::boolean(bool value) {
    return text(value ? "t" : "f");
}

Params& Params::bytes(std::string_view value) {
    return text(bytea_literal(value));
}

Params& Params::time(Time value) {
    return text(format_time(value));
}

Params& Params::optional_time(const std::optional<Time>& value) {
    return value ? time(*value) : null();
}

Params& Params::texts(const std::vector<std::string>& values) {
    return text(literal_of(values, [](const std::string& value) { return std::string_view(value); })
    );
}

Params& Params::optional_texts(const std::vector<std::optional<std::string>>& values) {
    return text(array_literal(values));
}

Params& Params::integers(const std::vector<std::int64_t>& values) {
    return text(literal_of(values, [](std::int64_t value) { return std::to_string(value); }));
}

Params& Params::optional_integers(const std::vector<std::optional<std::int64_t>>& values) {
    return text(literal_of(values, [](const std::optional<std::int64_t>& value) {
        return value ? std::optional(std::to_string(*value)) : nothing();
    }));
}

Params& Params::booleans(const std::vector<bool>& values) {
    return text(literal_of(values, [](bool value) { return std::string_view(value ? "t" : "f"); }));
}

Params& Params::byte_strings(const std::vector<std::string>& values) {
    return text(literal_of(values, [](const std::string& value) { return bytea_literal(value); }));
}

Params& Params::optional_byte_strings(const std::vector<std::optional<std::string>>& values) {
    return text(literal_of(values, [](const std::optional<std::string>& value) {
        return value ? std::optional(bytea_literal(*value)) : nothing();
    }));
}

Params& Params::times(const std::vector<Time>& values) {
    return text(literal_of(values, [](Time value) { return format_time(value); }));
}

Params& Params::optional_times(const std::vector<std::optional<Time>>& values) {
    return text(literal_of(values, [](const std::optional<Time>& value) {
        return value ? std::optional(format_time(*value)) : nothing();
    }));
}

std::optional<std::size_t> Params::with_nul() const {
    for (std::size_t n = 0; n < values_.size(); ++n) {
        if (values_[n] && values_[n]->find('\0') != std::string::npos) {
            return n + 1;
        }
    }
    return std::nullopt;
}

std::string array_literal(const std::vector<std::optional<std::string>>& elements) {
    return literal_of(
        elements, [](const auto& element) -> const auto& { return element; }
    );
}

std::string bytea_literal(std::string_view bytes) {
    return "\\x" + to_hex(bytes);
}

}  // namespace chatear::postgres
