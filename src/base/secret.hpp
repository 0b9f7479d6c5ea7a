#pragma once

#include <string>
#include <utility>

namespace chatear {

/// A password, token or key. It has no stream operator and no formatter: what is to see it must
/// call reveal(), which a reviewer can search for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    const std::string& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

private:
    std::string value_;
};

}  // namespace chatear
