#pragma once

#include "nats/nkey.hpp"

#include <chrono>
#include <string>

namespace chatear::test {

/// An operator with one account and one user, their keys and JWTs made for one test
/// (github.com/nats-io/jwt, version 2).
class OperatorJwt {
public:
    OperatorJwt();

    /// Trusts the operator, knows the account.
    std::string server_config() const;

    /// What stands in the user's .creds file; good for `lifetime` from now, 0 = for ever.
    std::string user_credentials(std::chrono::seconds lifetime = {}) const;

private:
    nats::Nkey operator_;
    nats::Nkey account_;
    nats::Nkey user_;
};

}  // namespace chatear::test
