#include "base/error.hpp"
#include "postgres/handshake.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace chatear::postgres {
namespace {

TEST(BorrowedSocketTest, WhatTheKernelCannotWatchIsAnOutageAndNoCrash) {
    asio::io_context context;
    BorrowedSocket socket(context.get_executor());
    constexpr int nothing = 1'000'000;  // EBADF stands for ENOMEM and ENOSPC of epoll_ctl(2).
    try {
        socket.assign(nothing, "db.test:5432");
        ADD_FAILURE() << "no descriptor was taken for a socket";
    } catch (const Unavailable& unavailable) {
        EXPECT_EQ(unavailable.where(), "db.test:5432");
        EXPECT_THAT(unavailable.why(), testing::HasSubstr("cannot be watched"));
    }
}

}  // namespace
}  // namespace chatear::postgres
