#pragma once

#include "nats/nkey.hpp"

#include <string>

namespace chatear::test {

/// An operator with one account and one user, their keys and JWTs made for one test
/// (github.com/nats-io/jwt, version 2).
class OperatorJwt {
public:
    OperatorJwt();

    /// Trusts the operator, knows the account.
    std::string server_config() const;

    /// What stands in the user's .creds file.
    std::string user_credentials() const;

private:
    nats::Nkey operator_;
    nats::Nkey account_;
    nats::Nkey user_;
};

}  // namespace chatear::test
