#pragma once

#include <string>

namespace chatear::bench::test {

/// Its body is "Hello" and ".dots", and its trailer tells the truth.
inline const std::string message =
    "From: shop@a.test\r\n"
    "To: <ann@b.test>\r\n"
    "Message-ID: <1@a.test>\r\n"
    "\r\n"
    "Hello\r\n"
    ".dots\r\n"
    "chatear-bench 1 14 7766e1d9\r\n";

}  // namespace chatear::bench::test
