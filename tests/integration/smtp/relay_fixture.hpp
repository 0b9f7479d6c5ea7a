#pragma once

#include "integration/smtp/sending.hpp"
#include "support/relay_server.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace chatear::smtp::test {

/// A test against a real mail server that relays to a mail catcher. The parameter names it:
/// postfix, exim or opensmtpd. Skipped where that one cannot run.
class Relay : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override;
    void TearDown() override;  // Shows the server's log where the test failed.

    Options options() const;  ///< With TLS when it is offered.

    /// Each message arrived once, from its sender, to its recipient and byte for byte, and nothing
    /// else did.
    void expect_all_arrived(const std::vector<Message>& messages);

    std::unique_ptr<chatear::test::RelayServer> server;
};

/// One that has nothing of its own but its recipient.
Message message_to(const std::string& recipient);

}  // namespace chatear::smtp::test
